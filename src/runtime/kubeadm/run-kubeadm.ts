/** Running kubeadm on a host: its lines are told as they come. */

import { SealerError } from '../../error.ts';
import type { Host, Output } from '../../hosts/host.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import type { RuntimeContext } from '../runtime.ts';
import { serviceLog } from '../services/index.ts';
import { COMMAND_ENV, KUBEADM } from './places.ts';

export interface KubeadmOptions {
  /** Values that are not to be seen anywhere. */
  readonly secrets?: readonly string[] | undefined;
  /** Milliseconds. Default: 15 minutes: images are pulled. */
  readonly timeoutMs?: number | undefined;
  readonly allowFailure?: boolean | undefined;
  /** Default: the installed one. */
  readonly program?: string | undefined;
}

/**
 * Runs kubeadm with these words.
 * @throws SealerError COMMAND_FAILED with what kubeadm gave as its error
 */
export async function runKubeadm(
  { report, signal }: Pick<RuntimeContext, 'report' | 'signal'>,
  host: Host,
  words: readonly string[],
  options: KubeadmOptions = {},
): Promise<Output> {
  const { secrets = [], timeoutMs = 15 * 60_000, allowFailure = false, program = KUBEADM } = options;
  const title = words
    .slice(0, words[0] === 'init' && words[1] === 'phase' ? 4 : 2)
    .filter((word) => !word.startsWith('-'));
  const id = `kubeadm ${title.join(' ')} ${host.address}`;
  report({ type: 'start', id, label: `${host.label}: kubeadm ${title.join(' ')}`, unit: 'items' });
  const blank = (line: string): string => secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line);
  try {
    const output = await host.exec({
      argv: [program, ...words],
      env: COMMAND_ENV,
      signal,
      timeoutMs,
      secrets,
      onLine: (line) => report({ type: 'output', id, line: blank(line) }),
      allowFailure: true,
    });
    if (output.code !== 0 && !allowFailure) {
      const waited = words[0] === 'init' || words[0] === 'join';
      const kubelet = waited ? await kubeletSays(host) : '';
      throw new SealerError(
        'COMMAND_FAILED',
        `kubeadm ${title.join(' ')} failed on ${host.label} (exit ${output.code}): ${blank(reason(output))}${kubelet}`,
        { hint: `Mend what it names (the kubelet's log: journalctl -u kubelet), and run the same command again.` },
      );
    }
    report({ type: 'end', id, outcome: output.code === 0 ? 'done' : 'failed' });
    return output;
  } catch (error) {
    report({ type: 'end', id, outcome: signal.aborted ? 'cancelled' : 'failed' });
    throw error;
  }
}

/** kubeadm waits for a kubelet, and does not know why it does not come: the kubelet's last fatal lines, or its last errors. */
async function kubeletSays(host: Host): Promise<string> {
  const log = await serviceLog(host, 'kubelet', 400).catch(() => '');
  const lines = log.split('\n').filter((line) => line.length < 2000);
  const [fatal, errors] = [
    lines.filter((line) => /^F\d{4} /.test(line)),
    lines.filter((line) => /^E\d{4} /.test(line)),
  ];
  const shown = fatal.length > 0 ? fatal.slice(-1) : errors.slice(-3);
  return shown.length === 0 ? '' : `; the kubelet says: ${shown.map((line) => oneLine(line, 300)).join('; ')}`;
}

/** kubeadm's own errors: `[ERROR Port-6443]: …`, `error execution phase …`; else its last lines. */
function reason({ stdout, stderr }: Output): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const told = lines.filter((line) => /^\s*\[ERROR |^error|^\s*failed|^couldn't/i.test(line));
  const shown = told.length > 0 ? told : lines.length > 0 ? lines.slice(-5) : stdout.trim().split('\n').slice(-5);
  return shown
    .map((line) => line.trim())
    .join('; ')
    .slice(0, 1500);
}
