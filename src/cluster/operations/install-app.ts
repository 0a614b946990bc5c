/** Runs an image of apps alone on a cluster that is there. */

import type { Clusterfile } from '../../clusterfile/index.ts';
import { SealerError } from '../../error.ts';
import { inParallel } from '../../parallel.ts';
import { createOverlay, type Overlay } from '../apply/overlay.ts';
import { digestOf } from '../digest.ts';
import {
  applyOverlay,
  distribute,
  observeHosts,
  overlayDigest,
  planDistribution,
  readImage,
  rootfsFolder,
} from '../distribution/index.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import { awaitWorkloads } from '../launch/await-workloads.ts';
import { openClusterApi } from '../launch/cluster-api.ts';
import { launchOnHost } from '../launch/launch-on-host.ts';
import { launchesOf } from '../launch/launches.ts';
import { appName, appPlan, launchName } from '../plan/app-plan.ts';
import type { Step } from '../plan/step.ts';
import { accessFor, externalClient, pushBundle, pushLayers } from '../registry/index.ts';
import { readHostRecord, updateHostRecord } from '../state/host-record.ts';
import { lockCluster } from '../state/lock.ts';
import { type SavedState, writeSavedState } from '../state/saved-state.ts';
import type { ClusterWorld } from '../world.ts';
import type { Changed } from './change-cluster.ts';
import { environmentOf } from './host-settings.ts';
import type { KnownCluster } from './known-cluster.ts';
import { checkStillLatest } from './still-latest.ts';

export interface InstallRequest {
  readonly known: KnownCluster;
  readonly image: RunnableImage;
  /** The container images of the cluster's own image, by complete names. */
  readonly baseImages: readonly string[];
  /** What is launched, and with which environment, over what the image says. */
  readonly cluster: Pick<Clusterfile['cluster'], 'cmd' | 'appNames' | 'env'>;
  readonly dryRun: boolean;
  readonly waits: boolean;
  /** Of waiting for workloads, and of each launch command, in milliseconds. */
  readonly timeoutMs: number;
  readonly lock: { readonly waitMs: number; readonly force: boolean };
}

/**
 * Brings what the cluster lacks, launches what differs, waits. The same image a second time does nothing.
 * @throws SealerError IMAGE_UNFIT for an image with Kubernetes in it; CLUSTER_LOCKED; HOST_UNREACHABLE; of every kind that hosts and images have
 */
export async function installApp(request: InstallRequest, world: ClusterWorld): Promise<Changed> {
  const { known, image } = request;
  const { fleet, home, saved, masters, nodes } = known;
  if (image.runtime !== undefined) {
    throw new SealerError('IMAGE_UNFIT', `${image.name} has Kubernetes in it, and the cluster ${saved.name} is there`, {
      hint: `To go over to it: sealer upgrade ${image.name} --cluster-host ${masters[0]?.address ?? ''}.`,
    });
  }
  const unreachable = new Set(await fleet.reach([...masters, ...nodes]));
  const alive = masters.filter(({ address }) => !unreachable.has(address));
  const [master] = alive;
  if (master === undefined) throw fleet.unreachableError(masters.map(({ address }) => address));

  const file = clusterfileOf(known.clusterfile, request.cluster);
  const hostEnv = environmentOf(file, image.extension.env, saved.runtime);
  const env = hostEnv(master.address);
  const overlay = await createOverlay(world.store, { image, clusterfile: file, hostEnv, signal: world.signal });
  const launches = launchesOf(image.extension, file, env);
  const { registry } = file.cluster;
  const images = [...new Set([...request.baseImages, ...saved.appImages, ...image.images])];
  const access = accessFor(registry, { registryHosts: saved.registryHosts, home, images });
  const content = await readImage(world.store, image, world.signal);
  const registryHosts = saved.registryHosts.map((address) => fleet.get(address));
  const targets = [...new Set([...registryHosts, master])];
  const present = await observeHosts(content, targets, { home, limit: fleet.limit, signal: world.signal });
  const bringing = planDistribution(content, { hosts: targets, registryHosts, present });
  const members = [...masters, ...nodes].filter(({ address }) => !unreachable.has(address));
  const mirrors = digestOf(access);
  const records = await inParallel(members, fleet.limit, async (host) => ({
    host,
    record: await readHostRecord(host, home),
  }));
  const unmirrored = records.filter(({ record }) => record.mirrors !== mirrors);
  const wanted = launches.map(({ name, steps }) => ({
    name,
    digest: digestOf([image.digest, overlay.digestFor(master.address), steps]),
  }));
  const plan = appPlan({
    ...{ image, saved, master: master.address, launches: wanted, waits: request.waits },
    lacking: bringing.isEmpty ? [] : targets.map(({ address }) => address),
    unmirrored: unmirrored.map(({ host }) => host.address),
    push: registry.kind === 'external' ? digestOf([registry, image.digest]) : undefined,
  });
  if (request.dryRun || plan.steps.length === 0) return { plan, changed: false, sent: 0, times: [] };

  const holder = { by: world.by, command: world.command, since: new Date(world.now()).toISOString() };
  await using lock = await lockCluster(alive, home, holder, { ...request.lock, signal: world.signal });
  await checkStillLatest(known, alive);
  const signal = AbortSignal.any([world.signal, lock.lost]);
  const runtime = known.runtimeWith(access);
  const rootfs = rootfsFolder(home, image.digest);
  let state = saved;
  let sent = 0;
  const save = async (changes: Partial<SavedState>): Promise<void> => {
    state = { ...state, ...changes, serial: state.serial + 1 };
    await writeSavedState(alive, home, state);
  };
  const launched = (name: string, digest: string) =>
    save({ launched: { ...state.launched, [launchName(image.name, name)]: digest } });
  const { report } = world;
  const work: Partial<Record<Step['kind'], (step: Step) => Promise<void>>> = {
    distribute: async () => {
      if (registry.kind === 'external') {
        await using external = await externalClient(world.client, registry);
        sent += await pushLayers(content, saved.name, registry, { client: external.client, report, signal });
      }
      const options = { home, cluster: saved.name, serve: async () => access, limit: fleet.limit, report, signal };
      sent += (await distribute(bringing, options)).sentByRunner;
    },
    push: async () => {
      if (registry.kind !== 'external') return;
      await using external = await externalClient(world.client, registry);
      sent += (await pushBundle(world.store, image.manifest, registry, { client: external.client, report, signal }))
        .moved;
      await launched('.push', digestOf([registry, image.digest]));
    },
    mirror: async () => {
      await runtime.mirror(unmirrored.map(({ host }) => host));
      await inParallel(unmirrored, fleet.limit, ({ host, record }) =>
        updateHostRecord(host, home, record, { mirrors }),
      );
    },
    launch: async ({ id, title, detail }) => {
      const launch = launches.find(({ name }) => name === detail);
      const digest = wanted.find(({ name }) => name === detail)?.digest;
      if (launch === undefined || digest === undefined) throw new Error(`no launch ${detail}`);
      await writeOverlay(overlay);
      report({ type: 'start', id, label: title, unit: 'items', total: launch.steps.length });
      await launchOnHost(master, launch.steps, {
        ...{ rootfs, home, signal, timeoutMs: request.timeoutMs, kubeconfig: await runtime.kubeconfig() },
        onLine: (line) => report({ type: 'output', id, line }),
      });
      report({ type: 'end', id, outcome: 'done' });
      await launched(launch.name, digest);
    },
    wait: async () => {
      await using api = await openClusterApi(master, await runtime.kubeconfig(), signal);
      await awaitWorkloads(api.client, { timeoutMs: request.timeoutMs, signal, report });
    },
  };
  const writeOverlay = async (all: Overlay): Promise<void> => {
    const files = await all.filesFor(master.address);
    if (files.length > 0) await applyOverlay(master, rootfs, files, overlayDigest(files), { signal });
  };
  // Before anything is there: who makes plans from now on knows of its images, and who prunes keeps its files.
  const app = { name: image.name, digest: image.digest };
  await save({ apps: { ...state.apps, [appName(image.name)]: app }, appImages: union(state.appImages, image.images) });
  const times = [];
  for (const step of plan.steps) {
    signal.throwIfAborted();
    report({ type: 'phase', title: step.title });
    const started = performance.now();
    await work[step.kind]?.(step);
    times.push({ id: step.id, ms: performance.now() - started });
  }
  return { plan, changed: true, sent, times, kubeconfig: await runtime.kubeconfig() };
}

/** The cluster's own, but what is launched is the app image's. */
function clusterfileOf(known: Clusterfile, { cmd, appNames, env }: InstallRequest['cluster']): Clusterfile {
  const { cmd: _cmd, appNames: _names, ...cluster } = known.cluster;
  return {
    ...{ ...known, configs: [], application: undefined },
    cluster: {
      ...{ ...cluster, env: { ...cluster.env, ...env } },
      ...(cmd === undefined ? {} : { cmd }),
      ...(appNames === undefined ? {} : { appNames }),
    },
  };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}
