/** Whether clocks agree: certificates, tokens and etcd's elections live by them. */

import type { Problem } from '../../../error.ts';
import type { Inspected } from '../inspected.ts';
import { finding } from './finding.ts';

/** As k0sctl has it. */
const MOST_MS = 30_000;

/** Compares every host with the median of all, and the median with this machine. */
export function judgeClocks(hosts: readonly Inspected[]): Problem[] {
  const skews = hosts.map(({ facts }) => facts.clockSkewMs).toSorted((a, b) => a - b);
  const [first] = hosts;
  const median = skews[Math.floor((skews.length - 1) / 2)];
  if (first === undefined || median === undefined) return [];
  const problems = hosts.flatMap((host): Problem[] => {
    const skew = host.facts.clockSkewMs - median;
    if (Math.abs(skew) <= MOST_MS) return [];
    const others = hosts.length === 2 ? 'the other host' : 'most of the hosts';
    return [
      finding(
        host,
        'error',
        `has a clock that is ${aside(skew)} ${others}`,
        'Set it, and let chrony or another NTP client keep it.',
      ),
    ];
  });
  if (Math.abs(median) <= MOST_MS) return problems;
  const text = `has a clock that is ${aside(median)} this machine${hosts.length > 1 ? ', and most hosts agree with it' : ''}`;
  return [
    ...problems,
    finding(first, 'warning', text, 'Set whichever is wrong: certificates are made here and checked there.'),
  ];
}

/** `61 s behind`, `3 h ahead of`. */
function aside(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  const units = [
    { above: 172_800, per: 86_400, name: 'days' },
    { above: 7200, per: 3600, name: 'h' },
    { above: 300, per: 60, name: 'min' },
  ];
  const unit = units.find(({ above }) => seconds >= above) ?? { per: 1, name: 's' };
  return `${Math.round(seconds / unit.per)} ${unit.name} ${milliseconds < 0 ? 'behind' : 'ahead of'}`;
}
