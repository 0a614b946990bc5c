/** Waiting until a registry answers. */

import type { LocalRegistrySpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { serviceLog } from '../../runtime/services/index.ts';
import { credentialsOf } from './access.ts';
import { type Answer, askRegistry } from './answers.ts';
import { REGISTRY_SERVICE } from './places.ts';

export interface ReadyOptions {
  readonly spec: LocalRegistrySpec;
  /** PEM of the authority; undefined: plain http. */
  readonly authority: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const LOG_LINES = 12;

/**
 * Waits until the registry of a host answers to those who pull from it.
 * @throws SealerError REGISTRY_NOT_READY with the last lines of the service; what hosts throw
 */
export async function untilReady(host: Host, options: ReadyOptions): Promise<void> {
  const { spec, authority, timeoutMs, signal } = options;
  const { credentials } = credentialsOf(spec);
  let last: Answer = { kind: 'silent', why: 'it was not asked' };
  const round = async (either: AbortSignal): Promise<Round<true>> => {
    last = await askRegistry(host, { port: spec.port, authority, credentials, signal: either });
    return last.kind === 'ready' ? { done: true } : {};
  };
  if ((await poll(round, { timeoutMs, signal, slowestMs: 500 })) !== undefined) return;
  const lines = await serviceLog(host, REGISTRY_SERVICE, LOG_LINES, { signal }).catch(() => '');
  throw notReady(host, spec, last, lines);
}

function notReady(host: Host, { port }: LocalRegistrySpec, answer: Answer, lines: string): SealerError {
  const why = answer.kind === 'ready' ? '' : `: ${answer.why}`;
  const log = lines === '' ? '' : `\nThe last lines of ${REGISTRY_SERVICE}:\n${lines.replace(/^/gm, '  ')}`;
  return new SealerError('REGISTRY_NOT_READY', `${host.label}: the registry on port ${port} is not ready${why}${log}`, {
    hint: lines.includes('address already in use')
      ? `Something else listens on port ${port} of ${host.label}; stop it, or give the registry another port.`
      : `Look at the service ${REGISTRY_SERVICE} on ${host.label}, then run the command again.`,
  });
}
