/** A build in a test: a folder with a context and a store, and, where images are wanted, the embedded registry. */

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, type BuildResult, type BuildWorld, build } from '../../../src/build/index.ts';
import { type ImageConfig, parseImageConfig } from '../../../src/oci/image-config.ts';
import type { ImageManifest } from '../../../src/oci/manifest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { openLayer, readEntries } from '../../../src/oci/tar/index.ts';
import type { ProgressEvent } from '../../../src/progress.ts';
import { anonymous, pushImage, RegistryClient } from '../../../src/registry/client/index.ts';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import type { MadeImage } from '../../unit/cluster-image/image-maker.ts';

export const AMD64 = parsePlatform('linux/amd64');
export const ARM64 = parsePlatform('linux/arm64');

/** A client that does not wait between attempts. */
const HURRY = { now: Date.now, random: () => 0, sleep: async () => {} };

type Files = Readonly<Record<string, string | Uint8Array>>;

export interface Setting extends AsyncDisposable {
  readonly path: string;
  readonly context: string;
  readonly store: Store;
  readonly client: RegistryClient;
  readonly events: ProgressEvent[];
  /** Writes the context (on top of what is there) and builds it. */
  build(files: Files, options?: Partial<BuildOptions>, world?: Partial<BuildWorld>): Promise<BuildResult>;
  manifest(result: BuildResult, platform?: number): Promise<ImageManifest>;
  config(result: BuildResult, platform?: number): Promise<ImageConfig>;
  /** What a layer says: `path mode type content`, whiteouts as `-path`. */
  layer(result: BuildResult, layer: number, platform?: number): Promise<Record<string, string>>;
  /** The files of all layers, laid over each other. */
  files(result: BuildResult, platform?: number): Promise<Record<string, string>>;
}

/** Opens a store and an empty context in a temporary folder. */
export async function openSetting(store?: string): Promise<Setting> {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder('build'));
  const context = join(path, 'context');
  await mkdir(context);
  const opened = stack.use(await Store.open(store ?? join(path, 'store')));
  const client = stack.use(new RegistryClient({ env: {}, credentials: anonymous, insecure: true, timing: HURRY }));
  const events: ProgressEvent[] = [];
  const manifest = async (result: BuildResult, platform = 0): Promise<ImageManifest> => {
    const digest = result.platforms[platform]?.manifest.digest;
    const document = digest === undefined ? undefined : await opened.document(digest);
    if (document?.kind !== 'manifest') throw new Error('no manifest');
    return document.manifest;
  };
  const layer = async (result: BuildResult, number: number, platform = 0): Promise<Record<string, string>> => {
    const descriptor = (await manifest(result, platform)).layers.at(number);
    if (descriptor === undefined) throw new Error(`no layer ${number}`);
    const found: Record<string, string> = {};
    for await (const { path, type, mode, linkname, content } of readEntries(await openLayer(opened, descriptor))) {
      const text = Buffer.concat(await content.toArray()).toString();
      if (type === 'whiteout') found[`-${path}`] = '';
      else found[path] = type === 'file' ? text : type === 'directory' ? `${mode.toString(8)}/` : `${type} ${linkname}`;
      if (type === 'file' && mode !== 0o644) found[`${path} mode`] = mode.toString(8);
    }
    return found;
  };
  return {
    path,
    context,
    store: opened,
    client,
    events,
    manifest,
    layer,
    async build(files, options = {}, world = {}) {
      writeFiles(context, files);
      const complete: BuildOptions = {
        context,
        tags: ['test:v1'],
        platforms: [AMD64],
        buildArgs: {},
        labels: {},
        annotations: {},
        noCache: false,
        pull: 'missing',
        secrets: [],
        imageLists: [],
        ignoredImageLists: [],
        saveImages: true,
        type: 'kube-installer',
        ...options,
      };
      const env = { PATH: process.env.PATH };
      const report = (event: ProgressEvent): void => void events.push(event);
      return build(complete, { store: opened, client, env, report, host: AMD64, version: '1.2.3', ...world });
    },
    async config(result, platform = 0) {
      return parseImageConfig(await opened.bytes((await manifest(result, platform)).config.digest));
    },
    async files(result, platform = 0) {
      const all: Record<string, string> = {};
      for (let i = 0; i < (await manifest(result, platform)).layers.length; i++) {
        for (const [path, content] of Object.entries(await layer(result, i, platform))) {
          if (!path.startsWith('-')) all[path] = content;
          for (const other of path.startsWith('-') ? Object.keys(all) : []) {
            if (other === path.slice(1) || other.startsWith(`${path.slice(1)}/`)) delete all[other];
          }
        }
      }
      return all;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export interface FilledRegistry extends AsyncDisposable {
  readonly address: string;
  push(name: string, image: MadeImage): Promise<string>;
}

/** Starts the embedded registry; images are put into it by name. */
export async function startRegistry(): Promise<FilledRegistry> {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder('registry'));
  const store = stack.use(await Store.open(join(path, 'made')));
  const client = stack.use(new RegistryClient({ env: {}, credentials: anonymous, insecure: true }));
  const server = stack.use(await serveRegistry({ storage: folderStorage(join(path, 'registry')) }));
  return {
    address: server.address,
    async push(name, { root, content }) {
      for (const [digest, bytes] of content) {
        await store.add(bytes, digest === root.digest ? root.mediaType : 'application/octet-stream');
      }
      await pushImage(client, store, root, parseReference(`${server.address}/${name}`), {});
      return root.digest;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Names in the scratch folder of a store: empty when nothing was left half-made. */
export async function leftOvers(store: Store): Promise<string[]> {
  const entries = await readdir(store.root, { recursive: true });
  return entries.filter((name) => /(^|\/)(rootfs|archive)-[^/]*$/.test(name) || name.endsWith('.tmp'));
}
