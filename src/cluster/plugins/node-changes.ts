/** LABEL and TAINT: what nodes have is changed where a line says so, and all else stays. */

import type { Taint } from '../../clusterfile/desired.ts';
import { formatTaint } from '../../clusterfile/index.ts';
import { listNodes } from '../../runtime/nodes/index.ts';
import type { NodeState } from '../../runtime/runtime.ts';
import type { PluginCall } from './context.ts';
import { type LabelChange, readLabels, readTaints } from './data-lines.ts';
import { pluginFailed, pluginInvalid } from './failure.ts';
import { type Selectable, selectHosts } from './select-hosts.ts';

/** @returns what was changed, a line for each node */
export async function setLabels(call: PluginCall): Promise<readonly string[]> {
  const lines = readLabels(call.spec.data).map((line) => {
    if ('mistake' in line) throw pluginInvalid(call, line.mistake, line.hint);
    return { selector: line.selector, changes: (node: NodeState) => labelWords(node, line.labels) };
  });
  return change(call, 'label', lines);
}

/** @returns what was changed, a line for each node */
export async function setTaints(call: PluginCall): Promise<readonly string[]> {
  const lines = readTaints(call.spec.data).map((line) => {
    if ('mistake' in line) throw pluginInvalid(call, line.mistake, line.hint);
    return { selector: line.selector, changes: (node: NodeState) => taintWords(node, line.taints) };
  });
  return change(call, 'taint', lines);
}

interface Line {
  readonly selector: string;
  readonly changes: (node: NodeState) => readonly string[];
}

async function change(call: PluginCall, verb: 'label' | 'taint', lines: readonly Line[]): Promise<readonly string[]> {
  const { context, signal } = call;
  const { kubectl } = context;
  if (kubectl === undefined) throw pluginFailed(call, 'the cluster', 'there is no cluster yet');
  const done: string[] = [];
  for (const { selector, changes } of lines) {
    // Asked for each line: a selector may be about labels that a line before it set.
    const meant = selectHosts([selector], nodesAsHosts(call, await listNodes(kubectl, signal)));
    if (meant.length === 0) throw pluginFailed(call, 'the cluster', `"${selector}" is no node of it`);
    for (const { node } of meant) {
      const words = changes(node);
      if (words.length === 0) continue;
      await kubectl([verb, 'node', node.name, '--overwrite', ...words], { signal });
      done.push(`${node.name}: ${words.join(' ')}`);
    }
  }
  return done;
}

function nodesAsHosts({ context }: PluginCall, nodes: readonly NodeState[]): (Selectable & { node: NodeState })[] {
  return nodes.map((node) => {
    const known = context.hosts.find(({ host }) => host.address === node.address);
    const { address, labels, name } = node;
    const roles = known?.roles ?? [node.role];
    return { node, address, labels, name, roles, isMaster0: known?.isMaster0 ?? false };
  });
}

function labelWords(node: NodeState, labels: readonly LabelChange[]): readonly string[] {
  return labels.flatMap(({ key, value }) => {
    if (node.labels[key] === value) return [];
    return [value === undefined ? `${key}-` : `${key}=${value}`];
  });
}

/** kubectl refuses to take away what is not there. */
function taintWords(node: NodeState, taints: readonly Taint[]): readonly string[] {
  return taints
    .filter(({ key, value, effect, isRemoval }) => {
      const same = node.taints.filter((each) => each.key === key && (effect === '' || each.effect === effect));
      return isRemoval ? same.length > 0 : !same.some((each) => (each.value ?? '') === value);
    })
    .map((taint) => formatTaint(taint.isRemoval ? { ...taint, value: '' } : taint));
}
