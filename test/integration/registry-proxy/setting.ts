/** A registry of another make with a user, something in front of it that counts and fails, and our proxy before both. */

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { blobKeeper } from '../../../src/cluster-image/index.ts';
import { Store } from '../../../src/oci/store/index.ts';
import type { ProgressEvent } from '../../../src/progress.ts';
import { RegistryClient } from '../../../src/registry/client/index.ts';
import { type Pull, type PullThroughOptions, pullThroughStorage } from '../../../src/registry/proxy/index.ts';
import { type AccessEntry, serveRegistry } from '../../../src/registry/server/index.ts';
import { type DockerRegistry, startDockerRegistry } from '../../lab/docker-registry.ts';
import { type FaultyProxy, type FaultyProxyOptions, startFaultyProxy } from '../../lab/faulty-proxy.ts';
import { writeHtpasswd } from '../../lab/htpasswd.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

const USER = { name: 'bob', password: 'upstream-secret' };
const OWN = { name: 'node', password: 'node-secret' };
export const SECRETS = [
  USER.password,
  OWN.password,
  ...[USER, OWN].map(({ name, password }) => Buffer.from(`${name}:${password}`).toString('base64')),
];

export interface Setting extends AsyncDisposable {
  /** The registry that images are put into, without a user. */
  readonly filler: DockerRegistry;
  /** `127.0.0.1:port`: the host in the names of its images. */
  readonly upstream: string;
  readonly requests: FaultyProxy;
  readonly proxy: { readonly url: string; readonly address: string };
  /** What shows us to the proxy. */
  readonly authorization: string;
  readonly store: Store;
  readonly client: RegistryClient;
  readonly pulls: Pull[];
  readonly log: AccessEntry[];
  readonly events: ProgressEvent[];
  stopUpstream(): Promise<void>;
}

export interface SettingOptions {
  readonly fault?: FaultyProxyOptions['fault'];
  readonly throttle?: number;
  readonly resolved?: PullThroughOptions['resolved'];
}

export async function openSetting(options: SettingOptions = {}): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder('proxy'));
  const filler = stack.use(await startDockerRegistry());
  const htpasswd = await writeHtpasswd(path, USER.name, USER.password);
  const registry = stack.use(await startDockerRegistry({ root: filler.root, htpasswd }));
  const { fault, throttle } = options;
  const faults = await startFaultyProxy({
    upstream: registry.address,
    ...(fault === undefined ? {} : { fault }),
    ...(throttle === undefined ? {} : { throttle }),
  });
  let isUp = true;
  const stopUpstream = async () => {
    if (isUp) await faults[Symbol.asyncDispose]();
    isUp = false;
  };
  stack.defer(stopUpstream);
  const upstream = faults.address;
  const auths = { [upstream]: { auth: Buffer.from(`${USER.name}:${USER.password}`).toString('base64') } };
  await writeFile(join(path, 'config.json'), JSON.stringify({ auths }));
  const store = stack.use(await Store.open(join(path, 'store')));
  const events: ProgressEvent[] = [];
  const report = (event: ProgressEvent): void => void events.push(event);
  const client = stack.use(new RegistryClient({ env: { DOCKER_CONFIG: path, HOME: path }, report }));
  const pulls: Pull[] = [];
  const log: AccessEntry[] = [];
  const storage = pullThroughStorage({
    store,
    source: client,
    resolved: options.resolved,
    bringBlob: blobKeeper({ store, client, report }),
    onPull: (pull) => pulls.push(pull),
  });
  const proxy = stack.use(
    await serveRegistry({ storage, users: new Map([[OWN.name, OWN.password]]), log: (entry) => log.push(entry) }),
  );
  const authorization = `Basic ${Buffer.from(`${OWN.name}:${OWN.password}`).toString('base64')}`;
  const owned = stack.move();
  return {
    ...{ filler, upstream, requests: faults, proxy, authorization, store, client, pulls, log, events, stopUpstream },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: () => string;
  readonly bytes: number;
  readonly digest: string;
  readonly isWhole: boolean;
}

/** A raw request to the proxy, as containerd asks for an image of the upstream; its body is hashed, and kept if small. */
export function ask(setting: Setting, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const url = `${setting.proxy.url}/v2/${path}?ns=${encodeURIComponent(setting.upstream)}`;
  const { authorization } = setting;
  return new Promise((resolve, reject) => {
    get(url, { headers: { authorization, ...headers }, agent: false }, (response) => {
      const hash = createHash('sha256');
      const kept: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
        if (bytes < 1 << 20) kept.push(chunk);
      });
      response.on('error', () => {});
      response.on('close', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: () => Buffer.concat(kept).toString(),
          bytes,
          digest: `sha256:${hash.digest('hex')}`,
          isWhole: response.complete,
        }),
      );
    }).on('error', reject);
  });
}

/** How often each blob was asked for upstream with success or not. */
export function blobRequests({ requests }: Setting): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { method, url, authorization } of requests.seen) {
    const digest = /\/blobs\/(sha256:[0-9a-f]+)$/.exec(url)?.[1];
    if (method !== 'GET' || digest === undefined || authorization === undefined) continue;
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  return counts;
}
