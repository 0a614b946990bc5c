/** The cluster's own registry on its hosts: set up, running, and known to everybody. */

import { createHash } from 'node:crypto';
import type { LocalRegistrySpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { setHostNames } from '../../hosts/hosts-file.ts';
import { inParallel } from '../../parallel.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import { installService, isActive, restartService } from '../../runtime/services/index.ts';
import { registryAccess } from './access.ts';
import { ensureAuthority, serverOf } from './authority.ts';
import type { KeyPair } from './certificate.ts';
import { hasUsers, registryConfig } from './config.ts';
import { REGISTRY_SERVICE, type RegistryPlaces, registryPlaces } from './places.ts';
import { untilReady } from './ready.ts';
import { userLine } from './users.ts';

export interface RegistryOptions {
  /** The cluster's name. */
  readonly cluster: string;
  /** The cluster's folder on hosts. */
  readonly home: string;
  readonly spec: LocalRegistrySpec;
  /** Hosts that run it, in the order in which members try them. */
  readonly registryHosts: readonly Host[];
  /** The masters that can be reached: they keep the authority's key. */
  readonly masters: readonly Host[];
  /** Everybody who is to know the authority and the registry's name. */
  readonly hosts: readonly Host[];
  /** Folder on registry hosts with `bin/registry`. Undefined: what runs there already goes on. */
  readonly rootfs: string | undefined;
  /** Registry hosts of the images (`mirroredRegistries`). */
  readonly mirrored: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
  /** Hosts at a time. Default: 32. */
  readonly limit?: number | undefined;
  /** How long it may take to answer, in milliseconds. Default: 60 000. */
  readonly readyMs?: number | undefined;
}

const HOSTS = 32;
const READY_MS = 60_000;

/**
 * Makes sure that the registry runs as it should. What is as it should be is left alone: nothing is restarted.
 * @throws SealerError IMAGE_UNFIT if there is no registry program; REGISTRY_NOT_READY with the service's last lines;
 *   COMMAND_FAILED, and what hosts throw
 */
export async function ensureRegistry(options: RegistryOptions): Promise<RegistryAccess> {
  const { spec, cluster, home, masters, registryHosts, signal, limit = HOSTS } = options;
  const places = registryPlaces(home);
  const authority = spec.insecure
    ? undefined
    : await ensureAuthority(masters, { cluster, places, now: options.now(), signal });
  await inParallel(registryHosts, limit, (host) => ensureOn(host, authority, places, options));
  await inParallel(options.hosts, limit, (host) => introduce(host, authority, places, options));
  return registryAccess(options, places);
}

async function ensureOn(
  host: Host,
  authority: KeyPair | undefined,
  places: RegistryPlaces,
  options: RegistryOptions,
): Promise<void> {
  const { home, signal, readyMs = READY_MS } = options;
  const program = await installProgram(host, places, options);
  const written = await writeFiles(host, authority, places, options);
  await installService(host, home, serviceOf(places), { signal });
  const stamp = createHash('sha256')
    .update([program, ...written].join('\n'))
    .digest('hex');
  const isAsWanted = (await host.readText(places.stamp, { signal }))?.trim() === stamp;
  const ready = { spec: options.spec, authority: authority?.certificate, timeoutMs: readyMs, signal };
  if (isAsWanted && (await isActive(host, REGISTRY_SERVICE, { signal }))) return await untilReady(host, ready);
  await host.exec({ argv: ['rm', '-f', places.stamp], signal });
  await restartService(host, REGISTRY_SERVICE, { signal });
  await untilReady(host, ready);
  // Last: a run that was killed before this restarts once more.
  await host.write(places.stamp, `${stamp}\n`, { mode: 0o600, signal });
}

/** @returns the digest of the program */
async function installProgram(
  host: Host,
  places: RegistryPlaces,
  { rootfs, signal }: RegistryOptions,
): Promise<string> {
  const source = rootfs === undefined ? '' : `${rootfs}/bin/registry`;
  const argv = ['sh', '-c', INSTALL, 'sealer', source, places.program, places.data] as const;
  const { code, stdout, stderr } = await host.exec({ argv, signal, allowFailure: true });
  if (code === 0) return stdout.trim();
  if (code === NO_PROGRAM) {
    throw new SealerError('IMAGE_UNFIT', `${host.label} has no registry to run: the image has no bin/registry`, {
      hint: 'Use a base image with one, or name a registry of your own (registry.externalRegistry in the Clusterfile).',
    });
  }
  throw new SealerError(
    'COMMAND_FAILED',
    `${host.label}: the registry's program cannot be installed: ${stderr.trim()}`,
  );
}

const NO_PROGRAM = 9;

/** The program may be running: it is replaced, not written to. */
const INSTALL = `set -eu
umask 022
mkdir -p "\${2%/*}" "$3/docker/registry/v2"
if [ -n "$1" ] && [ -f "$1" ]; then
  if ! cmp -s "$1" "$2"; then cp "$1" "$2.new"; chmod 755 "$2.new"; mv -f "$2.new" "$2"; fi
fi
[ -f "$2" ] || exit ${NO_PROGRAM}
sha256sum <"$2"
`;

/** Writes what is not there as it should be. @returns all contents, in order */
async function writeFiles(
  host: Host,
  authority: KeyPair | undefined,
  places: RegistryPlaces,
  options: RegistryOptions,
): Promise<readonly string[]> {
  const { spec, signal } = options;
  const contents: string[] = [];
  const put = async (path: string, mode: number, make: (known: string | undefined) => Promise<string> | string) => {
    const known = await host.readText(path, { signal });
    const content = await make(known);
    contents.push(content);
    if (known !== content) await host.write(path, content, { mode, signal });
  };
  await put(places.config, 0o600, () => registryConfig(spec, places));
  const { username = '', password = '' } = spec;
  if (hasUsers(spec)) await put(places.users, 0o600, (known) => userLine(username, password, known));
  if (authority === undefined) return contents;
  const [certificate, key] = await Promise.all([
    host.readText(places.certificate, { signal }),
    host.readText(places.key, { signal }),
  ]);
  const now = options.now();
  const server = serverOf(authority, { certificate, key }, namesOf(options), { cluster: options.cluster, now });
  await put(places.key, 0o600, () => server.key);
  await put(places.certificate, 0o644, () => server.certificate);
  return contents;
}

/** Good for all registry hosts: one that takes the place of another needs no new certificate. */
function namesOf({ spec, registryHosts }: RegistryOptions): readonly string[] {
  const hosts = registryHosts.map(({ address }) => address);
  return [...new Set([spec.domain, ...hosts, ...spec.sans, 'localhost', '127.0.0.1', '::1'])];
}

function serviceOf(places: RegistryPlaces) {
  return {
    name: REGISTRY_SERVICE,
    description: 'Container images of a cluster (sealer)',
    argv: [places.program, 'serve', places.config],
    // distribution 3 looks for a collector of traces otherwise.
    env: { OTEL_TRACES_EXPORTER: 'none' },
    type: 'exec',
    limits: { files: 1_048_576 },
  } as const;
}

/** A host gets to know the authority, and the registry by name: a registry host is its own. */
async function introduce(
  host: Host,
  authority: KeyPair | undefined,
  places: RegistryPlaces,
  { spec, registryHosts, signal }: RegistryOptions,
): Promise<void> {
  if (authority !== undefined && (await host.readText(places.authority, { signal })) !== authority.certificate) {
    await host.write(places.authority, authority.certificate, { mode: 0o644, signal });
  }
  const own = registryHosts.find(({ address }) => address === host.address) ?? registryHosts[0];
  const names = own === undefined ? [] : [{ address: own.address, names: [spec.domain] }];
  await setHostNames(host, 'registry', names, { signal });
}
