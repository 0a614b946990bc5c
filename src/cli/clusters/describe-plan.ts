/** A plan and what became of it, for people. */

import type { Changed, Plan, Step } from '../../cluster/index.ts';
import { formatBytes } from '../progress/index.ts';

const RISKS = { none: '', low: 'restarts something', disruptive: 'moves pods', destructive: 'REMOVES' } as const;

/** A line for each step; one line where there is nothing to do. */
export function describePlan({ cluster, image, runtime, steps, warnings }: Plan): string {
  const title = `${cluster}: ${image.name}${image.kubeVersion === undefined ? '' : ` (Kubernetes ${image.kubeVersion}, ${runtime})`}`;
  if (steps.length === 0) return `${title}\nNothing to do: everything is as it should be.`;
  const lines = steps.map((step, i) => `${String(i + 1).padStart(3)}. ${describeStep(step)}`);
  return [title, ...lines, ...warnings.map((warning) => `warning: ${warning}`)].join('\n');
}

/** What was done, in how long. */
export function describeChange({ plan, changed, sent, times }: Changed, logs: string): string {
  if (!changed) return describePlan(plan);
  const seconds = times.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  return [
    `${plan.cluster} runs ${plan.image.name}`,
    `${plan.steps.length} steps in ${seconds.toFixed(1)} s, ${formatBytes(sent)} sent`,
    `what the hosts said: ${logs}`,
  ].join('\n');
}

function describeStep({ title, hosts, reason, risk, bytes }: Step): string {
  const where = hosts.length === 0 || title.includes(hosts[0] ?? '') ? '' : ` on ${shortList(hosts)}`;
  const size = bytes === undefined ? '' : `, at most ${formatBytes(bytes)}`;
  const danger = RISKS[risk] === '' ? '' : ` [${RISKS[risk]}]`;
  return `${title}${where} (${reason}${size})${danger}`;
}

function shortList(hosts: readonly string[]): string {
  return hosts.length <= 4 ? hosts.join(', ') : `${hosts.slice(0, 3).join(', ')} and ${hosts.length - 3} more`;
}
