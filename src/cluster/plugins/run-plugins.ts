/** Running the plugins of a phase, one after the other; each on its hosts at the same time. */

import type { Phase, PluginSpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import { inParallel } from '../../parallel.ts';
import { listNodes } from '../../runtime/nodes/index.ts';
import type { NodeState } from '../../runtime/runtime.ts';
import { checkCluster } from './cluster-check.ts';
import type { PluginCall, PluginContext, PluginHost, PluginRun } from './context.ts';
import { takeSnapshot } from './etcd-snapshot.ts';
import { runExecutable } from './executable.ts';
import { pluginFailed } from './failure.ts';
import { setHostname } from './hostname.ts';
import { setLabels, setTaints } from './node-changes.ts';
import { isBeforeCluster, isCleaningPhase, isHostPhase } from './phases.ts';
import { isLabelSelector, selectHosts } from './select-hosts.ts';
import { runShell } from './shell.ts';

const HOSTS_AT_A_TIME = 32;

/**
 * Runs what belongs to a phase, in order; the first failure ends it.
 * @throws SealerError PLUGIN_FAILED with host, phase, plugin and its last lines; PLUGIN_INVALID
 */
export async function runPlugins(phase: Phase, context: PluginContext): Promise<readonly PluginRun[]> {
  const runs: PluginRun[] = [];
  for (const spec of context.specs) {
    if (!spec.phases.includes(phase)) continue;
    context.signal.throwIfAborted();
    runs.push(...(await runPlugin(spec, phase, context)));
  }
  return runs;
}

async function runPlugin(spec: PluginSpec, phase: Phase, context: PluginContext): Promise<readonly PluginRun[]> {
  const clusterWide = CLUSTER_TYPES[spec.type];
  if (clusterWide !== undefined) {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(spec.timeoutMs)]);
    return [await timed({ spec, phase, context, signal }, undefined, clusterWide)];
  }
  const call: PluginCall = { spec, phase, context, signal: context.signal };
  const hosts = await hostsOf(call);
  return inParallel(hosts, HOSTS_AT_A_TIME, (on) =>
    timed(call, on, (each) => (HOST_TYPES[spec.type] ?? runExecutable)(each, on)),
  );
}

/** What is done by the cluster's API, wherever the plugin is said to run. */
const CLUSTER_TYPES: Readonly<Record<string, (call: PluginCall) => Promise<readonly string[]>>> = {
  LABEL: setLabels,
  TAINT: setTaints,
  CLUSTERCHECK: checkCluster,
  ETCD: takeSnapshot,
};

/** Any other type is an executable of the image. */
const HOST_TYPES: Readonly<Record<string, (call: PluginCall, on: PluginHost) => Promise<readonly string[]>>> = {
  SHELL: runShell,
  HOSTNAME: setHostname,
};

/** Without `on`, cluster phases are master0's, and host phases all their hosts'; HOSTNAME names its hosts itself. */
async function hostsOf(call: PluginCall): Promise<readonly PluginHost[]> {
  const { spec, phase, context } = call;
  const isHere = isHostPhase(phase)
    ? ({ host }: PluginHost) => context.only === undefined || context.only.includes(host.address)
    : () => true;
  if (spec.on.length > 0) return (await selected(call)).filter(isHere);
  if (isHostPhase(phase) || spec.type === 'HOSTNAME') return context.hosts.filter(isHere);
  const master0 = context.hosts.filter(({ isMaster0 }) => isMaster0);
  if (master0.length === 0) throw pluginFailed(call, 'master0', 'it cannot be reached');
  return master0;
}

async function selected(call: PluginCall): Promise<readonly PluginHost[]> {
  const { spec, context } = call;
  const nodes = spec.on.some(isLabelSelector) ? await nodesIfAny(call) : [];
  const candidates = context.hosts.map((each) => {
    const node = nodes.find(({ address }) => address === each.host.address);
    const { roles, isMaster0 } = each;
    return {
      each,
      address: each.host.address,
      roles,
      isMaster0,
      labels: node?.labels ?? each.labels,
      name: node?.name,
    };
  });
  return selectHosts(spec.on, candidates).map(({ each }) => each);
}

/** Labels are the nodes' where there is a cluster, and the Clusterfile's before. */
async function nodesIfAny({ phase, context, signal }: PluginCall): Promise<readonly NodeState[]> {
  if (context.kubectl === undefined || isBeforeCluster(phase)) return [];
  try {
    return await listNodes(context.kubectl, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SealerError) return [];
    throw error;
  }
}

async function timed(
  call: PluginCall,
  on: PluginHost | undefined,
  work: (call: PluginCall) => Promise<readonly string[]>,
): Promise<PluginRun> {
  const { spec, phase, context } = call;
  const host = on?.host;
  const id = `plugin ${phase}/${spec.name} ${host?.address ?? 'cluster'}`;
  const label = `${phase}: ${spec.name}${host === undefined ? '' : ` on ${host.label}`}`;
  const began = performance.now();
  const about = { plugin: spec.name, type: spec.type, phase, host: host?.address };
  const duration = (): number => Math.round(performance.now() - began);
  context.report({ type: 'start', id, label, unit: 'items' });
  try {
    if (on !== undefined && isCleaningPhase(phase) && !(await hasRootfs(on, context))) {
      context.report({ type: 'end', id, outcome: 'exists', detail: 'the rootfs is gone' });
      return { ...about, outcome: 'skipped', durationMs: duration(), lastLines: [] };
    }
    const lastLines = await work(call);
    context.report({ type: 'end', id, outcome: 'done' });
    return { ...about, outcome: 'done', durationMs: duration(), lastLines };
  } catch (error) {
    context.report({ type: 'end', id, outcome: context.signal.aborted ? 'cancelled' : 'failed' });
    throw explained(call, host?.label ?? 'the cluster', error);
  }
}

/** kubectl's and the hosts' failures say nothing of plugins. What came from outside (a host that is gone) stays what it is. */
function explained(call: PluginCall, where: string, error: unknown): unknown {
  const { context, spec, signal } = call;
  if (context.signal.aborted) return context.signal.reason;
  if (error instanceof SealerError && error.code.startsWith('PLUGIN_')) return error;
  if (signal.aborted) return pluginFailed(call, where, `it took longer than ${spec.timeoutMs / 1000} s`, [], error);
  if (error instanceof SealerError && error.code === 'COMMAND_FAILED') {
    return pluginFailed(call, where, error.message, [], error);
  }
  return error;
}

async function hasRootfs({ host }: PluginHost, { rootfs, signal }: PluginContext): Promise<boolean> {
  const { code } = await host.exec({ argv: ['test', '-d', rootfs], allowFailure: true, signal });
  return code === 0;
}
