/**
 * Tries connections between hosts. Nobody listens yet, and nobody has to: a refused connection has gone all the way, while
 * firewalls drop packets (time out) or say that the host is not to be reached.
 */

import type { Problem } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { finding, someOf } from '../judge/finding.ts';
import { REACH } from './program.ts';
import type { Target } from './questions.ts';

/** Asks one host, in one round trip. @throws what `Host.exec` throws */
export async function askReach(
  host: Pick<Host, 'exec' | 'label'>,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Problem[]> {
  if (targets.length === 0) return [];
  const pairs = targets.flatMap(({ address, port }) => [address, String(port)]);
  const { stdout } = await host.exec({
    argv: ['sh', '-c', REACH, 'sealer-reach', ...pairs],
    timeoutMs: 120_000,
    signal,
  });
  return judgeReach(host, targets, stdout);
}

/** What did not get through, by target; ports of one target that fail the same way are one finding. */
export function judgeReach(host: Pick<Host, 'label'>, targets: readonly Target[], answer: string): Problem[] {
  const lines = answer.split('\n');
  if (lines.includes('tool=none')) {
    const hint =
      'Install bash, nc, curl or python3 to have it tried, or see to it that no firewall stands between the hosts.';
    return [finding(host, 'notice', 'has nothing to try with whether it reaches the others', hint)];
  }
  const outcomes = new Map(
    lines.flatMap((line): [string, string][] => {
      const [, key, outcome] = /^reach=(\S+ \d+) ([a-z]+)$/.exec(line) ?? [];
      return key === undefined || outcome === undefined ? [] : [[key, outcome]];
    }),
  );
  const failed = targets.flatMap((target) => {
    const why = WHY[outcomes.get(`${target.address} ${target.port}`) ?? ''];
    return why === undefined ? [] : [{ target, why }];
  });
  const groups = Map.groupBy(failed, ({ target, why }) => [target.address, why.text, target.isMild].join(' '));
  return [...groups.values()].flatMap((group): Problem[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { target, why } = first;
    const ports = group.map((each) => `${each.target.port} (${each.target.purpose})`);
    const text = `cannot reach ${target.label} at port ${someOf(ports)}: ${why.text}`;
    return [finding(host, target.isMild ? 'warning' : 'error', text, why.hint)];
  });
}

const FIREWALL = 'Open the port in the firewalls of both and between them, and check the route.';

/** What keeps hosts apart; all other outcomes prove a way, or nothing. */
const WHY: Readonly<Record<string, { readonly text: string; readonly hint: string }>> = {
  timeout: { text: 'nothing comes back', hint: FIREWALL },
  blocked: { text: 'there is no route, or a firewall forbids it', hint: FIREWALL },
  unresolved: {
    text: 'it does not know that name',
    hint: 'Name hosts by addresses, or give this host a name server or an entry in /etc/hosts that knows it.',
  },
};
