/** Whether a machine is of the right kind and large enough. */

import type { Problem } from '../../../error.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { RUNTIME_NEEDS } from '../needs/runtime-needs.ts';
import { finding, formatSize } from './finding.ts';

/** Architecture: members are asked as well, because an upgrade may bring an image for others. */
export function judgeArch(host: Inspected, { image }: Wanted): Problem[] {
  if (host.facts.arch === image.arch) return [];
  const hint = `Build the image for linux/${host.facts.arch} as well (--platform), or take a host that is ${image.arch}.`;
  return [finding(host, 'error', `is ${host.facts.arch}, and ${image.name} is for ${image.arch}`, hint, 'IMAGE_UNFIT')];
}

/** Operating system and init system. */
export function judgeSystem(host: Inspected): Problem[] {
  const { report, facts } = host;
  if (report.system !== 'Linux') {
    return [finding(host, 'error', `runs ${report.system || 'an unknown system'}, not Linux`, 'Take a Linux host.')];
  }
  if (facts.init !== 'unknown') return [];
  const hint = 'Boot it with systemd or OpenRC: services that start with the machine need one of them.';
  return [finding(host, 'error', 'has neither systemd nor OpenRC as its init system', hint)];
}

/** CPUs and memory. A master that is too small is an error: its runtime refuses or dies. A node is the user's risk. */
export function judgeSize(host: Inspected, { image, circumstances }: Wanted): Problem[] {
  if (image.runtime === undefined) return [];
  const { facts, role } = host;
  const needs = RUNTIME_NEEDS[image.runtime];
  const [least, recommended] = [needs.least[role], needs.recommended[role]];
  const severityOf = (isTooSmall: boolean, check: string) =>
    isTooSmall && role === 'master' && !circumstances.ignoredChecks.has(check) ? 'error' : 'warning';
  const problems: Problem[] = [];
  if (facts.cpus < recommended.cpus) {
    const text = `has ${facts.cpus} CPU, and a ${role} of ${image.runtime} wants ${recommended.cpus}`;
    const hint = `Give it ${recommended.cpus} CPUs or more, or take another host.`;
    problems.push(finding(host, severityOf(facts.cpus < least.cpus, 'NumCPU'), text, hint));
  }
  // 0: it could not be told.
  if (facts.memory > 0 && facts.memory < recommended.memory) {
    const text = `has ${formatSize(facts.memory)} of memory, and a ${role} of ${image.runtime} wants ${formatSize(recommended.memory)}`;
    const hint = `Give it ${formatSize(recommended.memory)} or more, or take another host.`;
    problems.push(finding(host, severityOf(facts.memory < least.memory, 'Mem'), text, hint));
  }
  return problems;
}
