/**
 * What a cluster makes of the image's files: templates rendered with the environment of each host, and Config documents
 * over them. Found out on the runner, from the image's layers.
 */

import {
  applyApplicationFiles,
  applyConfig,
  type Clusterfile,
  configPath,
  type Env,
  renderRootfsTemplate,
} from '../../clusterfile/index.ts';
import { TEMPLATE_PLACES } from '../../launch/index.ts';
import type { Store } from '../../oci/store/index.ts';
import { digestOf } from '../digest.ts';
import type { OverlayFile } from '../distribution/index.ts';
import { rootfsFiles } from '../image/rootfs-files.ts';
import type { RunnableImage } from '../image/runnable-image.ts';

export interface Overlay {
  /** What the files of a host depend on; `none` where there are none. Costs nothing. */
  digestFor(address: string): string;
  filesFor(address: string): Promise<readonly OverlayFile[]>;
}

export interface OverlayOptions {
  readonly image: RunnableImage;
  readonly clusterfile: Clusterfile;
  /** What templates see on a host. */
  readonly hostEnv: (address: string) => Env;
  readonly signal?: AbortSignal | undefined;
}

const MODE = 0o644;

/**
 * Reads what an overlay is made of.
 * @throws SealerError CLUSTERFILE_INVALID (a Config that does not merge), TEMPLATE_INVALID; what the store throws
 */
export async function createOverlay(store: Store, options: OverlayOptions): Promise<Overlay> {
  const { image, clusterfile, hostEnv, signal } = options;
  const { configs, application } = clusterfile;
  const targets = targetsOf(clusterfile);
  const isWanted = (path: string) => isTemplate(path) || targets.has(path);
  const originals = await rootfsFiles(store, image.manifest, isWanted, signal);
  const templates = [...originals.keys()].filter(isTemplate);
  const isEmpty = templates.length === 0 && targets.size === 0;
  return {
    digestFor: (address) =>
      isEmpty
        ? 'none'
        : digestOf([
            image.digest,
            configs.map(({ at: _at, ...config }) => config),
            application?.configs ?? [],
            hostEnv(address),
          ]),
    filesFor: async (address) => {
      const texts = new Map<string, string>();
      const read = (path: string) => texts.get(path) ?? originals.get(path)?.toString();
      for (const path of templates) {
        const env = { ...hostEnv(address), ...appEnv(options, path) };
        texts.set(path.slice(0, -TEMPLATE_PLACES.suffix.length), renderRootfsTemplate(read(path) ?? '', path, env));
      }
      for (const config of configs) {
        const path = configPath(config);
        const text = read(path);
        texts.set(path, applyConfig(text === undefined ? undefined : { path, text }, config));
      }
      for (const { name, files } of application?.configs ?? []) {
        for (const file of files) {
          const path = configPath({ path: file.path, appName: name });
          const text = read(path);
          texts.set(path, applyApplicationFiles(text === undefined ? undefined : { path, text }, file, name));
        }
      }
      return [...texts].map(([path, content]) => ({ path, content, mode: MODE }));
    },
  };
}

function targetsOf({ configs, application }: Clusterfile): ReadonlySet<string> {
  const ofApps = (application?.configs ?? []).flatMap(({ name, files }) =>
    files.map(({ path }) => configPath({ path, appName: name })),
  );
  return new Set([...configs.map(configPath), ...ofApps]);
}

/** What templates of an app see beside the rest. */
function appEnv({ image, clusterfile }: OverlayOptions, path: string): Env {
  const app = /^application\/(?:apps|values)\/([^/]+)\//.exec(path)?.[1];
  if (app === undefined) return {};
  const declared = image.extension.applications.findLast(({ name }) => name === app)?.env ?? {};
  return { ...declared, ...clusterfile.application?.configs.find(({ name }) => name === app)?.env };
}

function isTemplate(path: string): boolean {
  const { folders, appsFolders, suffix } = TEMPLATE_PLACES;
  return path.endsWith(suffix) && [...folders, ...appsFolders].some((folder) => path.startsWith(`${folder}/`));
}
