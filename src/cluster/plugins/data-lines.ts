/** The data of HOSTNAME, LABEL and TAINT: one entry a line, as sealer v0.8 has it. */

import type { Taint } from '../../clusterfile/desired.ts';
import { isLabelKey, isLabelValue, parseIp, parseTaint } from '../../clusterfile/index.ts';

/** A line that cannot be read. */
export interface LineMistake {
  readonly mistake: string;
  readonly hint?: string | undefined;
}

export interface HostnameLine {
  readonly address: string;
  readonly name: string;
}

/** `key=value` sets, `key-` takes away (value undefined). */
export interface LabelChange {
  readonly key: string;
  readonly value: string | undefined;
}

export interface LabelLine {
  readonly selector: string;
  readonly labels: readonly LabelChange[];
}

export interface TaintLine {
  readonly selector: string;
  readonly taints: readonly Taint[];
}

/** RFC 1123: what a node can be called. */
const HOSTNAME = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/;

/** `10.0.0.2 master-0`. */
export function readHostnames(data: string): readonly (HostnameLine | LineMistake)[] {
  return linesOf(data).map((line) => {
    const [address = '', name = '', ...more] = line.split(/\s+/);
    if (parseIp(address) === undefined || more.length > 0 || name === '') {
      return { mistake: `"${line}" is not an address and a name`, hint: 'Write lines like 10.0.0.2 master-0.' };
    }
    if (name.length > 253 || !HOSTNAME.test(name)) {
      return {
        mistake: `"${name}" cannot be the name of a host`,
        hint: 'Take lower-case letters, digits and hyphens.',
      };
    }
    return { address, name };
  });
}

/** `10.0.0.2 disk=ssd,zone=a,old-`. */
export function readLabels(data: string): readonly (LabelLine | LineMistake)[] {
  return linesOf(data).map((line) => {
    const { selector, changes } = splitLine(line);
    const labels = changes.map(readLabel);
    const wrong = labels.indexOf(undefined);
    if (labels.length === 0)
      return { mistake: `"${line}" has no labels`, hint: 'Write lines like 10.0.0.2 disk=ssd,old-.' };
    if (wrong >= 0)
      return { mistake: `"${changes[wrong]}" is no label`, hint: 'Write key=value, or key- to take it away.' };
    return { selector, labels: labels.filter((label) => label !== undefined) };
  });
}

/** `10.0.0.2 gpu=yes:NoSchedule,old-`. */
export function readTaints(data: string): readonly (TaintLine | LineMistake)[] {
  return linesOf(data).map((line) => {
    const { selector, changes } = splitLine(line);
    if (changes.length === 0) {
      return { mistake: `"${line}" has no taints`, hint: 'Write lines like 10.0.0.2 gpu=yes:NoSchedule.' };
    }
    const taints: Taint[] = [];
    for (const change of changes) {
      const taint = parseTaint(change);
      if ('message' in taint) return { mistake: taint.message, hint: taint.hint };
      taints.push(taint);
    }
    return { selector, taints };
  });
}

/** Lines that are neither empty nor comments. */
function linesOf(data: string): readonly string[] {
  return data
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function splitLine(line: string): { readonly selector: string; readonly changes: readonly string[] } {
  const [, selector = line, rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
  const changes = rest
    .split(/[,\s]+/)
    .map((change) => change.trim())
    .filter((change) => change !== '');
  return { selector, changes };
}

function readLabel(text: string): LabelChange | undefined {
  if (text.endsWith('-') && isLabelKey(text.slice(0, -1))) return { key: text.slice(0, -1), value: undefined };
  const equals = text.indexOf('=');
  const [key, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return equals > 0 && isLabelKey(key) && isLabelValue(value) ? { key, value } : undefined;
}
