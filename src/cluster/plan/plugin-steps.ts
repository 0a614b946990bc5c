/** Where plugins' phases stand among the steps of a plan. Pure. */

import type { Phase } from '../../clusterfile/desired.ts';
import type { Membership } from './membership.ts';
import type { Current, Desired } from './situation.ts';
import type { Step, StepKind } from './step.ts';

/**
 * Puts plugins' phases where they belong among the steps: those of a step that there is, and those that a run which broke off
 * still owes.
 */
export function withPlugins(steps: readonly Step[], desired: Desired, current: Current, members: Membership): Step[] {
  const has = (phase: Phase) => desired.plugins.some(({ phases }) => phases.includes(phase));
  const kinds = new Set(steps.map(({ kind }) => kind));
  const wanted = [...desired.masters, ...desired.nodes];
  const owed = (phase: Phase) => {
    const { hosts = [] } = current.saved?.pending?.find((each) => each.phase === phase) ?? {};
    return hosts.filter((address) => wanted.includes(address));
  };
  const owedOr = (phase: Phase, applies: boolean, hosts: readonly string[]): Step[] => {
    const on = [...new Set([...owed(phase), ...(applies ? hosts : [])])];
    return on.length > 0 && has(phase) ? pluginStep(phase, on) : [];
  };
  const isNew = current.saved === undefined || kinds.has('init') || owed('post-install').length > 0;
  const fresh = [...members.newMasters, ...members.newNodes];
  const grows = fresh.length > 0;
  const upgrades = kinds.has('upgrade');
  const masters = desired.masters.slice(0, 1);
  const begins = isNew && !members.hasCluster;
  const before: Step[] = [
    ...(begins && has('pre-install') ? pluginStep('pre-install', masters) : []),
    ...(!isNew && grows && has('pre-scaleup') ? pluginStep('pre-scaleup', masters) : []),
    ...(grows && has('pre-init-host') ? pluginStep('pre-init-host', fresh) : []),
  ];
  const after: Step[] = [
    ...owedOr('upgrade-host', upgrades, [...members.present]),
    ...owedOr('upgrade', upgrades, masters),
    ...owedOr('rollback', desired.isRollback && steps.length > 0, masters),
    ...owedOr('post-init-host', grows, fresh),
    ...owedOr('post-install', isNew, masters),
    ...owedOr('post-scaleup', !isNew && grows, masters),
  ];
  const leaving = [...members.leavingNodes, ...members.leavingMasters];
  const cleans = leaving.length > 0;
  const bring: readonly StepKind[] = ['names', 'distribute', 'registry', 'configure', 'push'];
  const late: readonly StepKind[] = ['node-settings', 'launch'];
  const result: Step[] = [];
  const early = steps.filter(({ kind }) => bring.includes(kind));
  const middle = steps.filter(({ kind }) => !bring.includes(kind) && !late.includes(kind));
  result.push(...early, ...before);
  for (const each of middle) {
    if (each.kind === 'delete-nodes' || (each.kind === 'delete-master' && !result.some(isDelete))) {
      if (cleans && has('pre-clean-host') && !result.some(isDelete))
        result.push(...pluginStep('pre-clean-host', leaving));
    }
    result.push(each);
  }
  if (cleans && has('post-clean-host')) result.push(...pluginStep('post-clean-host', leaving));
  result.push(...after, ...steps.filter(({ kind }) => late.includes(kind)));
  return result;
}

function isDelete({ kind }: Step): boolean {
  return kind === 'delete-nodes' || kind === 'delete-master';
}

function pluginStep(phase: Phase, hosts: readonly string[]): Step[] {
  return [
    {
      id: `plugins ${phase}`,
      kind: 'plugins',
      title: `Run the plugins of ${phase}`,
      hosts,
      reason: 'they belong to this change',
      risk: 'low',
      detail: phase,
    },
  ];
}
