/** Starts Kubernetes in a container, for as long as somebody needs it. */

import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { checkEngine, unfit } from '../container-engine/check-engine.ts';
import { EngineClient } from '../container-engine/client.ts';
import { inspectContainer, lastLines } from '../container-engine/container.ts';
import { type Connection, connectionTo } from '../container-engine/endpoint.ts';
import type { EngineFacts } from '../container-engine/facts.ts';
import { type EngineImage, ensureImage } from '../container-engine/image.ts';
import { createNetwork, createVolume, type EngineNetwork } from '../container-engine/network.ts';
import type { SealerError } from '../error.ts';
import type { ClusterAccess } from '../kubernetes/index.ts';
import type { Report } from '../progress.ts';
import { loadCredentials } from '../registry/client/index.ts';
import { type RegistryStorage, type RunningRegistry, serveRegistry } from '../registry/server/index.ts';
import { CONFIG_FILE, type NodeSettings, nodeConfig, REGISTRIES_FILE, registriesConfig } from './node/config-files.ts';
import { NO_NAMESERVER, ownNameservers } from './node/nameservers.ts';
import type { RunningContainer } from './node/run-container.ts';
import { GO_FILE, SCRIPT_FILE, startScript, waitingEntrypoint } from './node/start-script.ts';
import { containerUlimits } from './node/ulimits.ts';
import { versionOfImage } from './node/version.ts';
import { newSessionId, SESSION_LABEL, sessionLabels } from './session/labels.ts';
import { removeLabelled } from './session/remove.ts';
import { sweepSessions } from './session/sweep.ts';
import { startWatchdog, type Watchdog } from './session/watchdog.ts';
import { Stopwatch } from './stopwatch.ts';
import { untilReady } from './until-ready.ts';

export interface TempClusterOptions {
  /** What the engine runs: an image that takes k3s's arguments and files. */
  readonly image: string;
  /** No route and no names to anything but the registry. */
  readonly isolated: boolean;
  /** What every pull of the cluster is answered from; closed with the cluster. */
  readonly registry: RegistryStorage;
  /** Registries beside the well-known ones, where they are known: old releases of k3s need them named. */
  readonly registryHosts?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** A private folder, for the kubeconfig. */
  readonly scratch: string;
  /** From the container's start until the cluster is ready. */
  readonly startTimeoutMs: number;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** A cluster that runs. Disposing of it leaves nothing in the engine; so does every other end of this process. */
export interface TempCluster extends AsyncDisposable {
  /** A file that only this user may read. */
  readonly kubeconfig: string;
  readonly access: ClusterAccess;
  /** The session: value of the label `sealer.temp-cluster` of all that belongs to it. */
  readonly id: string;
  readonly timings: Timings;
  /** The last lines of the node's log. */
  logs(lines: number): Promise<string[]>;
}

/** Milliseconds. */
export interface Timings {
  /** From the call until our entrypoint ran: finding the engine, the image, network, volumes, container. */
  readonly engineMs: number;
  /** From the call until the cluster was ready. */
  readonly readyMs: number;
  /** What of `readyMs` was spent neither on waiting for the engine nor on waiting for Kubernetes. */
  readonly ourMs: number;
}

/** Longer than an engine takes to kill a node with all its pods. What is left then is the watchdog's. */
const REMOVE_MS = 120_000;
/** An engine that was stopped or restarts; nobody waits for it at Ctrl-C. */
const SILENCE_MS = 5000;

/**
 * Starts a cluster of one node.
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_UNFIT, IMAGE_NOT_FOUND, REGISTRY_ERROR (the engine cannot pull the image),
 *   CLUSTER_NOT_READY; the signal's reason
 */
export async function startTempCluster(options: TempClusterOptions): Promise<TempCluster> {
  const { env, report, signal } = options;
  signal?.throwIfAborted();
  const watch = new Stopwatch();
  // Loading testcontainers takes as long as the engine's first answers.
  const loading = import('./node/run-container.ts');
  loading.catch(() => {});
  const version = versionOfImage(options.image);
  const facts = await watch.waiting('engine', checkEngine(env, version));
  const connection = ownConnection(facts);
  const engine = new EngineClient(connection);
  const id = newSessionId();
  await using cleanup = new AsyncDisposableStack();
  const image = watch.waiting('engine', findImage(engine, options));
  image.catch(() => {});
  const watchdog = cleanup.use(await startWatchdog(connection, `${SESSION_LABEL}=${id}`));
  cleanup.defer(() => removeSession(engine, id, watchdog, report));
  const node: Node = { engine, facts, id, watchdog, watch, options, loading };
  const { container, network } = await runNode(node, await image);
  const engineMs = watch.elapsed;
  signal?.throwIfAborted();
  cleanup.use(await configure(node, container, network));
  const ready = await watch.waiting(
    'kubernetes',
    untilReady({ ...options, engine, container: container.id, network: network.name }),
  );
  const { elapsed: readyMs, ours: ourMs } = watch;
  const owned = cleanup.move();
  return {
    ...ready,
    id,
    timings: { engineMs, readyMs, ourMs },
    logs: (lines) => lastLines(engine, container.id, lines),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the steps of a start share. */
interface Node {
  readonly engine: EngineClient;
  readonly facts: EngineFacts;
  readonly id: string;
  readonly watchdog: Watchdog;
  readonly watch: Stopwatch;
  readonly options: TempClusterOptions;
  readonly loading: Promise<typeof import('./node/run-container.ts')>;
}

function ownConnection(facts: EngineFacts): Connection {
  const connection = connectionTo(facts.url);
  if (typeof connection === 'string')
    throw new Error(`An engine was checked that cannot be connected to: ${connection}`);
  return connection;
}

async function findImage(
  engine: EngineClient,
  { image, env, report, signal }: TempClusterOptions,
): Promise<EngineImage> {
  const task = `pull ${image}`;
  let isPulling = false;
  try {
    const [found] = await Promise.all([
      ensureImage(engine, image, {
        credential: async ({ registry, repository }) => (await loadCredentials(env)).lookup(registry, repository),
        onPull() {
          isPulling = true;
          report({ type: 'start', id: task, label: `cluster image ${image}`, unit: 'items' });
        },
        signal,
      }),
      // Leftovers of others are no reason to fail.
      sweepSessions(engine).catch(() => []),
    ]);
    if (isPulling) report({ type: 'end', id: task, outcome: 'done' });
    return found;
  } catch (error) {
    if (isPulling) report({ type: 'end', id: task, outcome: signal?.aborted === true ? 'cancelled' : 'failed' });
    throw error;
  }
}

/** The volume that every image of k3s needs, whether or not it says so: containerd cannot put an overlay on an overlay. */
const DATA = '/var/lib/rancher/k3s';

async function runNode(
  { engine, facts, id, watchdog, watch, options, loading }: Node,
  image: EngineImage,
): Promise<{ container: RunningContainer; network: EngineNetwork }> {
  const name = `sealer-${id}`;
  const labels = sessionLabels(id);
  const paths = [...new Set([DATA, ...image.volumes])];
  const volumes = new Map(paths.map((path, i) => [path, `${name}-${i}`]));
  const [{ runContainer }, ulimits] = await Promise.all([loading, containerUlimits()]);
  options.signal?.throwIfAborted();
  // What has begun is waited for, never cut off: then it is known what there is to remove.
  return await watch.waiting(
    'engine',
    watchdog.during(async () => {
      const [network] = await Promise.all([
        createNetwork(engine, name, options.isolated, labels),
        ...[...volumes.values()].map((each) => createVolume(engine, each, labels)),
      ]);
      const entrypoint = waitingEntrypoint([...image.entrypoint, 'server']);
      const spec = { engine: facts.url, image: image.id, name, entrypoint, labels, network: name, volumes, ulimits };
      try {
        return { network, container: await runContainer(spec) };
      } catch (cause) {
        throw startError(facts, cause);
      }
    }),
  );
}

/** An engine that refuses privileged containers says so only when one starts; its own words are the best there are. */
function startError(facts: EngineFacts, cause: unknown): SealerError {
  const words = (cause instanceof Error ? cause.message : String(cause)).trim();
  const isRefused = /apply caps|operation not permitted|permission denied|privileged/i.test(words);
  return unfit(
    facts,
    `${isRefused ? 'it refuses privileged containers' : 'the container does not start'} (${words})`,
    isRefused
      ? 'Use an engine that runs as root with all capabilities: on a virtual machine, not inside another container.'
      : 'See what the engine says, and try another one by DOCKER_HOST.',
    cause,
  );
}

/** Starts the registry, where the node can reach it, and gives the node its files. */
async function configure(
  { engine, facts, watch, options }: Node,
  container: RunningContainer,
  network: EngineNetwork,
): Promise<RunningRegistry> {
  const { address } = await watch.waiting('engine', inspectContainer(engine, container.id, network.name));
  if (address === undefined || !isOwn(network.gateway)) {
    throw unfit(
      facts,
      'its networks are not on this machine, so that neither the cluster nor we can reach the other',
      'Run sealer on the same machine as the engine, not in a container or beside a virtual machine.',
    );
  }
  const username = 'sealer';
  const password = randomBytes(24).toString('base64url');
  const users = new Map([[username, password]]);
  const registry = await serveRegistry({ storage: options.registry, host: network.gateway, users, readOnly: true });
  try {
    const settings: NodeSettings = {
      version: versionOfImage(options.image),
      address,
      registry: { address: registry.address, username, password },
      hosts: options.registryHosts ?? [],
    };
    const files = [
      { path: CONFIG_FILE, content: nodeConfig(settings), mode: 0o600 },
      { path: REGISTRIES_FILE, content: registriesConfig(settings), mode: 0o600 },
      { path: SCRIPT_FILE, content: await scriptFor(options, network, registry), mode: 0o755 },
      { path: GO_FILE, content: '', mode: 0o644 },
    ];
    await watch.waiting('engine', container.put(files));
    return registry;
  } catch (error) {
    await registry[Symbol.asyncDispose]();
    throw error;
  }
}

async function scriptFor(
  { isolated }: TempClusterOptions,
  { gateway, unused }: EngineNetwork,
  registry: RunningRegistry,
): Promise<string> {
  if (!isolated) return startScript({ nameservers: await ownNameservers() });
  const port = Number(new URL(registry.url).port);
  return startScript({ nameservers: [NO_NAMESERVER], isolation: { host: gateway, port, unused } });
}

/** The bridge of a network is an interface of this machine, once a container is in it. */
function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((each) => each.address === address));
}

async function removeSession(engine: EngineClient, id: string, watchdog: Watchdog, report: Report): Promise<void> {
  const options = { timeoutMs: REMOVE_MS, silenceMs: SILENCE_MS };
  const left = await removeLabelled(engine, `${SESSION_LABEL}=${id}`, options);
  if (left?.length === 0) {
    watchdog.release();
    return;
  }
  const names = left?.map(({ kind, id: name }) => `${kind} ${name}`).join(', ') ?? 'it does not answer';
  const message = `The container engine does not remove what the temporary cluster was: ${names}`;
  report({ type: 'note', level: 'warning', message, hint: 'It is tried again in the background for 15 minutes.' });
}
