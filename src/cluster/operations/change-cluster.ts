/** Makes a cluster what a Clusterfile and an image say: connect, look, plan, lock, do. */

import type { Clusterfile, HostSpec } from '../../clusterfile/index.ts';
import { type Problem, SealerError } from '../../error.ts';
import { parseDigest } from '../../oci/digest.ts';
import { DRIVERS } from '../../runtime/drivers.ts';
import type { RegistryAccess, Runtime } from '../../runtime/runtime.ts';
import { formatCount } from '../../units.ts';
import { applyPlan, type StepTime } from '../apply/apply-plan.ts';
import { createOverlay } from '../apply/overlay.ts';
import type { Run } from '../apply/run.ts';
import { pruneHosts, rootfsFolder } from '../distribution/index.ts';
import { Fleet } from '../fleet/fleet.ts';
import { imageForHosts } from '../image/image-for-hosts.ts';
import { imagePlugins } from '../image/image-plugins.ts';
import { checkKubeVersion } from '../image/kube-version-check.ts';
import { rootfsText } from '../image/rootfs-files.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import { desire, registryHostsOf, rolesOf } from '../plan/desire.ts';
import { makePlan } from '../plan/make-plan.ts';
import { observe } from '../plan/observe.ts';
import type { Current, Desired } from '../plan/situation.ts';
import type { Plan } from '../plan/step.ts';
import { checkPlugins, orderPlugins } from '../plugins/index.ts';
import { preflight } from '../preflight/index.ts';
import { accessFor } from '../registry/index.ts';
import { lockCluster } from '../state/lock.ts';
import { readSavedState, type SavedState } from '../state/saved-state.ts';
import type { ClusterWorld } from '../world.ts';
import { environmentOf, selectable } from './host-settings.ts';
import { nextState } from './next-state.ts';

export interface ChangeRequest {
  readonly clusterfile: Clusterfile;
  /** The image for hosts of an architecture; asked once the hosts are known. */
  readonly image: (arch: string) => Promise<RunnableImage>;
  readonly dryRun: boolean;
  readonly waits: boolean;
  /** Whether this goes back to an earlier image: plugins of `rollback` run. */
  readonly isRollback?: boolean | undefined;
  /** Of waiting for workloads, and of each launch command, in milliseconds. */
  readonly timeoutMs: number;
  readonly lock: { readonly waitMs: number; readonly force: boolean };
  /** Whether the hosts are checked first. */
  readonly checks: boolean;
  /** Asked before what removes something. @throws SealerError CONFIRMATION_NEEDED, INTERRUPTED */
  readonly confirm: (plan: Plan) => Promise<void>;
}

export interface Changed {
  readonly plan: Plan;
  /** False for a dry run, and where nothing differed. */
  readonly changed: boolean;
  /** Bytes that crossed the runner's link with content. */
  readonly sent: number;
  readonly times: readonly StepTime[];
  /** Of the administrator; none for a dry run of a cluster that is not there. */
  readonly kubeconfig?: string | undefined;
}

/**
 * Plans, and unless it is a dry run does what the plan says. Safe to run again at any time.
 * @throws SealerError of every kind that hosts, images and plans have
 */
export async function changeCluster(request: ChangeRequest, world: ClusterWorld): Promise<Changed> {
  for (;;) {
    const changed = await attempt(request, world);
    if (changed !== undefined) return changed;
  }
}

/** @returns undefined if another run changed the cluster before we had the lock: all that was worked out is of before then */
async function attempt(request: ChangeRequest, world: ClusterWorld): Promise<Changed | undefined> {
  const { clusterfile } = request;
  const { cluster } = clusterfile;
  await using fleet = new Fleet({ open: world.open, limit: world.parallel });
  for (const spec of cluster.hosts) fleet.add(spec);
  const home = `${cluster.dataRoot}/${cluster.name}`;
  const wantedHosts = cluster.hosts.map(({ address }) => fleet.get(address));
  const masterHosts = rolesOf(clusterfile, undefined).masters.map((address) => fleet.get(address));
  if (masterHosts.length === 0) {
    throw new SealerError('LAST_MASTER', 'A cluster needs a master, and none is wanted', {
      hint: 'Name one (--masters), or remove the cluster with sealer delete --all.',
    });
  }
  world.report({ type: 'phase', title: `Connect to ${formatCount(wantedHosts.length, 'host')}` });
  const unreachable = await fleet.reach(wantedHosts);
  if (unreachable.length > 0) throw fleet.unreachableError(unreachable);

  const saved = await readSavedState(masterHosts, home);
  await addLeaving(fleet, clusterfile, saved);
  const image = await imageForHosts(request.image, {
    arch: await archOf(fleet, clusterfile),
    addresses: cluster.hosts.map(({ address }) => address),
  });
  if (image.kubeVersion !== undefined) checkKubeVersion(image, image.kubeVersion);
  // A step may take an hour: who lost the lock stops within it, not behind it.
  const halt = new AbortController();
  const signal = AbortSignal.any([world.signal, halt.signal]);
  const prepared = await prepareRun(request, { ...world, signal }, fleet, home, saved, image);

  if (request.dryRun) {
    const { plan } = await look(prepared);
    return { plan, changed: false, sent: 0, times: [] };
  }
  // A cluster that is there is looked at first: where nothing differs, thousands of hosts need no second visit.
  const isThere = saved !== undefined;
  if (request.checks && !isThere) await checkHosts(prepared);
  const keepers = (saved?.masters ?? []).filter((address) => fleet.whyUnreachable(address) === undefined);
  const lockHosts = [...new Set([...prepared.desired.masters.slice(0, 1), ...keepers])];
  await using lock = await lockCluster(
    lockHosts.map((address) => fleet.get(address)),
    home,
    { by: world.by, command: world.command, since: new Date(world.now()).toISOString() },
    {
      ...request.lock,
      signal: world.signal,
      onWait: (message) => world.report({ type: 'note', level: 'info', message }),
    },
  );
  lock.lost.addEventListener('abort', () => halt.abort(lock.lost.reason), { once: true });
  // Hosts that came or went meanwhile, or another place of the registry: none of it is in what we prepared.
  if ((await readSavedState(masterHosts, home))?.serial !== saved?.serial) return undefined;
  const { plan, current } = await look(prepared);
  for (const message of plan.warnings) world.report({ type: 'note', level: 'warning', message });
  if (plan.steps.length === 0 && saved?.unfinished === undefined) {
    return { plan, changed: false, sent: 0, times: [], kubeconfig: await prepared.runtime.kubeconfig() };
  }
  if (request.checks && isThere) await checkHosts(prepared);
  if (plan.steps.some(({ risk }) => risk === 'destructive')) await request.confirm(plan);
  const run: Run = {
    ...{ world, fleet, home, image, signal, current },
    ...{ desired: prepared.desired, runtime: prepared.runtime, registry: prepared.registry, overlay: prepared.overlay },
    timeoutMs: request.timeoutMs,
    report: world.report,
    state: nextState(clusterfile, image, current.saved),
    sent: 0,
  };
  const times = await applyPlan(plan, run);
  if (current.saved !== undefined) await prune(run);
  return {
    plan,
    changed: plan.steps.length > 0,
    sent: run.sent,
    times,
    kubeconfig: await prepared.runtime.kubeconfig(),
  };
}

/** Only now is it sure that nobody needs older image versions. What stays behind does no harm. */
async function prune({ state, fleet, home, signal, report }: Run): Promise<void> {
  const kept = [state.image, state.previous, ...Object.values(state.apps)];
  const keep = kept.flatMap((image) => (image === undefined ? [] : [parseDigest(image.digest)]));
  const members = [...state.masters, ...state.nodes].filter((address) => fleet.whyUnreachable(address) === undefined);
  const hosts = members.map((address) => fleet.get(address));
  await pruneHosts(hosts, keep, { home, limit: fleet.limit, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    report({ type: 'note', level: 'warning', message: `Files of older image versions are still on hosts: ${why}` });
  });
}

/** Everything that a plan is made from, but what hosts say. */
interface Prepared {
  readonly request: ChangeRequest;
  readonly world: ClusterWorld;
  readonly fleet: Fleet;
  readonly home: string;
  readonly saved: SavedState | undefined;
  readonly image: RunnableImage;
  readonly desired: Desired;
  readonly runtime: Runtime;
  readonly registry: RegistryAccess;
  readonly overlay: Run['overlay'];
}

async function prepareRun(
  request: ChangeRequest,
  world: ClusterWorld,
  fleet: Fleet,
  home: string,
  saved: SavedState | undefined,
  image: RunnableImage,
): Promise<Prepared> {
  const { clusterfile } = request;
  const { cluster } = clusterfile;
  const { masters, nodes } = rolesOf(clusterfile, saved);
  const registryHosts = registryHostsOf(clusterfile, masters, saved);
  const images = [...image.images, ...(saved?.appImages ?? [])];
  const registry = accessFor(cluster.registry, { registryHosts, home, images });
  const envFor = environmentOf(clusterfile, image.extension.env, image.runtime);
  const overlay = await createOverlay(world.store, { image, clusterfile, hostEnv: envFor, signal: world.signal });
  const brought = await imagePlugins(world.store, image, world.signal);
  const plugins = orderPlugins(brought.specs, clusterfile.plugins);
  failOn(checkPlugins(plugins, selectable(clusterfile, masters), brought.executables));
  const desired = desire({
    ...{ clusterfile, image, saved, registry, registryHosts },
    env: envFor(masters[0] ?? ''),
    hostEnv: envFor,
    overlayDigest: (address) => overlay.digestFor(address),
    plugins,
    waits: request.waits,
    isRollback: request.isRollback === true,
  });
  const create = await DRIVERS[image.runtime ?? saved?.runtime ?? 'kubeadm']();
  const runtime = create({
    cluster: clusterfile,
    masters: masters.map((address) => fleet.get(address)),
    nodes: nodes.map((address) => fleet.get(address)),
    image: {
      name: image.name,
      digest: image.digest,
      kubeVersion: image.kubeVersion ?? '',
      rootfs: rootfsFolder(home, image.digest),
      images: image.images,
      env: { ...image.extension.env, ...cluster.env },
    },
    registry,
    home,
    report: world.report,
    signal: world.signal,
    now: world.now,
  });
  return { request, world, fleet, home, saved, image, desired, runtime, registry, overlay };
}

function failOn(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity = 'error' }) => severity === 'error');
  if (errors.length === 0) return;
  throw new SealerError('PLUGIN_INVALID', 'Plugins have mistakes; each is listed', { problems: errors });
}

async function look(prepared: Prepared): Promise<{ plan: Plan; current: Current }> {
  const { fleet, home, saved, desired, runtime, world } = prepared;
  const leaving = [...(saved?.masters ?? []), ...(saved?.nodes ?? [])];
  const addresses = [...new Set([...desired.masters, ...desired.nodes, ...leaving])];
  const hosts = addresses
    .filter((address) => fleet.whyUnreachable(address) === undefined)
    .map((each) => fleet.get(each));
  world.report({ type: 'phase', title: 'Look at what is there' });
  const current = await observe(runtime, hosts, { home, saved, limit: fleet.limit });
  return { plan: makePlan(desired, current), current };
}

/** New hosts are checked for all that they need, members for what a change needs. */
async function checkHosts({ fleet, desired, image, home, saved, world }: Prepared): Promise<void> {
  const members = new Set([...(saved?.masters ?? []), ...(saved?.nodes ?? [])]);
  const report = await preflight(
    [...desired.masters, ...desired.nodes].map((address) => ({
      host: fleet.get(address),
      role: desired.masters.includes(address) ? 'master' : 'node',
      isMember: members.has(address),
      isRegistry: desired.registryHosts.includes(address),
    })),
    {
      ...{ clusterfile: desired.clusterfile, image, home, limit: fleet.limit, signal: world.signal },
      imageFile: (path) => rootfsText(world.store, image.manifest, path),
    },
  );
  for (const { severity, message, hint } of report) {
    if (severity !== 'error')
      world.report({ type: 'note', level: severity === 'warning' ? 'warning' : 'info', message, hint });
  }
  const errors = report.filter(({ severity }) => severity === 'error' || severity === undefined);
  if (errors.length === 0) return;
  throw new SealerError('HOST_UNFIT', `${formatCount(errors.length, 'problem')} on the hosts; nothing was changed`, {
    problems: errors,
    hint: 'Mend them, or go on all the same with --skip-checks.',
  });
}

/** Members that are not wanted any more, and what is left of earlier ones, are reached the same way as the others, if they can be. */
async function addLeaving(fleet: Fleet, { cluster }: Clusterfile, saved: SavedState | undefined): Promise<void> {
  const wanted = new Set(cluster.hosts.map(({ address }) => address));
  const known = [...(saved?.masters ?? []), ...(saved?.nodes ?? []), ...(saved?.leftovers ?? [])];
  const gone = known.filter((address) => !wanted.has(address));
  const ssh = cluster.hosts[0]?.ssh;
  if (ssh === undefined) return;
  const hosts = gone.map((address): HostSpec => ({ address, roles: [], ssh, env: {}, labels: {}, taints: [] }));
  await fleet.reach(hosts.map((spec) => fleet.add(spec)));
}

/** @throws SealerError IMAGE_UNFIT if hosts are of several architectures */
async function archOf(fleet: Fleet, { cluster }: Clusterfile): Promise<string> {
  const facts = await Promise.all(
    cluster.hosts.map(async ({ address }) => ({ address, arch: (await fleet.get(address).facts()).arch })),
  );
  const [first] = facts;
  if (first === undefined) throw new SealerError('CLUSTERFILE_INVALID', 'A cluster needs a host, and there is none');
  const others = facts.filter(({ arch }) => arch !== first.arch);
  if (others.length === 0) return first.arch;
  throw new SealerError('IMAGE_UNFIT', `The hosts are of several architectures; ${first.address} is ${first.arch}`, {
    problems: others.map(({ address, arch }) => ({ code: 'IMAGE_UNFIT', message: `${address} is ${arch}` })),
    hint: 'Take hosts of one architecture for one cluster.',
  });
}
