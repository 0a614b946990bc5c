/** The file that lists the hosts of a pool: a YAML list of `address` and `labels`. */

import { load } from 'js-yaml';
import { parseHostList } from '../clusterfile/index.ts';
import { type Problem, SealerError } from '../error.ts';

export interface PoolHost {
  readonly address: string;
  /** Undefined: what the inputs say. */
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

const HINT = 'Write a list: - { address: root@10.0.0.2:22, labels: { size: large } }.';

/**
 * Reads the hosts of a pool.
 * @param file for messages
 * @throws SealerError POOL_INVALID with every mistake
 */
export function parsePool(text: string, file: string): readonly PoolHost[] {
  const list = parseYaml(text, file);
  if (!Array.isArray(list) || list.length === 0) throw invalid(file, [], 'it is no list of hosts');
  const problems: Problem[] = [];
  const hosts = list.flatMap((entry: unknown, i): readonly PoolHost[] => {
    const read = readHost(entry);
    if (typeof read !== 'string') return [read];
    problems.push({ code: 'POOL_INVALID', message: `Host ${i + 1}: ${read}`, hint: HINT, at: { file } });
    return [];
  });
  const twice = hosts.filter(({ address }, i) => hosts.findIndex((other) => other.address === address) < i);
  for (const { address } of twice) {
    problems.push({ code: 'POOL_INVALID', message: `${address} stands twice`, hint: 'Name it once.', at: { file } });
  }
  if (problems.length > 0) throw invalid(file, problems, 'each mistake is listed');
  return hosts;
}

function readHost(entry: unknown): PoolHost | string {
  if (typeof entry === 'string') return readHost({ address: entry });
  if (typeof entry !== 'object' || entry === null) return 'it has no address';
  const { address, labels = {}, ...rest } = Object.fromEntries(Object.entries(entry));
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `"${unknown}" is nothing that a host of a pool has`;
  if (typeof address !== 'string' || address.includes(',')) return 'it has no address';
  const { hosts, mistakes } = parseHostList(address);
  const [host, ...more] = hosts;
  if (host === undefined || more.length > 0) return mistakes[0]?.message ?? 'a range is more than one host';
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return 'its labels are no KEY: VALUE';
  const pairs = Object.entries(labels).map(([key, value]) => [key, String(value)]);
  return { address: host.address, user: host.user, port: host.port, labels: Object.fromEntries(pairs) };
}

function parseYaml(text: string, file: string): unknown {
  try {
    return load(text);
  } catch (cause) {
    throw invalid(file, [], cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : 'it is not YAML');
  }
}

function invalid(file: string, problems: readonly Problem[], why: string): SealerError {
  return new SealerError('POOL_INVALID', `The pool ${file} cannot be used: ${why}`, {
    problems,
    hint: HINT,
    at: { file },
  });
}
