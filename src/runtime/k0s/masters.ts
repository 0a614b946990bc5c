/** Finding a master that works, and kubectl on it. */

import { SealerError } from '../../error.ts';
import type { Host, Output } from '../../hosts/host.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import type { Kubectl } from '../nodes/index.ts';
import type { RuntimeContext } from '../runtime.ts';
import { K0S } from './paths.ts';

const PROBE_MS = 20_000;

/** What kubectl says if the API server is not there, rather than of another mind. */
const NOT_THERE =
  /was refused|connection refused|unable to connect to the server|i\/o timeout|TLS handshake timeout|connection reset|: EOF|admin\.conf.*no such file|no such file.*admin\.conf|not found, check if the control plane|command not found|etcdserver: (leader changed|request timed out|no leader)/i;

/** The masters of a context: whichever answered last is asked first. */
export function masterAccess({ masters, signal }: Pick<RuntimeContext, 'masters' | 'signal'>) {
  let last: Host | undefined;

  const inOrder = (): readonly Host[] =>
    last === undefined ? masters : [last, ...masters.filter((host) => host !== last)];

  const liveMaster = async (without: ReadonlySet<string> = new Set()): Promise<Host> => {
    const reasons: string[] = [];
    for (const host of inOrder()) {
      if (without.has(host.address)) continue;
      const reason = await whyNotReady(host, signal);
      if (reason === undefined) {
        last = host;
        return host;
      }
      reasons.push(`${host.label}: ${reason}`);
    }
    throw new SealerError('CLUSTER_UNREACHABLE', `no master has an API server that is ready: ${reasons.join('; ')}`, {
      hint: 'Start k0s on one of them (k0s start), and run the same command again.',
    });
  };

  const kubectl: Kubectl = async (argv, options = {}) => {
    const { stdin } = options;
    const canRepeat = stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array;
    const candidates = canRepeat ? inOrder() : [await liveMaster()];
    let failure: Output | undefined;
    for (const host of candidates) {
      const output = await tryExec(host, argv, { signal, ...options });
      if (output.code === 0 || !NOT_THERE.test(output.stderr)) {
        last = host;
        if (output.code === 0 || options.allowFailure === true) return output;
        throw kubectlFailed(host, argv, output);
      }
      failure = output;
    }
    if (options.allowFailure === true && failure !== undefined) return failure;
    throw new SealerError(
      'CLUSTER_UNREACHABLE',
      `kubectl reaches no API server on any master: ${oneLine(failure?.stderr ?? 'there is no master')}`,
      { hint: 'Look at `k0s status` on the masters.' },
    );
  };

  return { liveMaster, kubectl };
}

/** Undefined if the API server on this host is ready. */
export async function whyNotReady(host: Host, signal?: AbortSignal): Promise<string | undefined> {
  const { code, stderr, stdout } = await tryExec(host, ['get', '--raw=/readyz'], { signal, timeoutMs: PROBE_MS });
  return code === 0 ? undefined : oneLine(stderr || stdout, 200) || `kubectl ended with ${code}`;
}

/** A host that is gone is no other matter than an API server that is. */
async function tryExec(
  host: Host,
  argv: readonly string[],
  options: NonNullable<Parameters<Kubectl>[1]>,
): Promise<Output> {
  try {
    return await host.exec({ argv: [K0S, 'kubectl', ...argv], ...options, allowFailure: true });
  } catch (error) {
    options.signal?.throwIfAborted();
    const isGone = error instanceof SealerError && ['HOST_UNREACHABLE', 'HOST_TIMEOUT'].includes(error.code);
    if (!isGone) throw error;
    return { code: undefined, stdout: '', stderr: `unable to connect to the server: ${error.message}` };
  }
}

function kubectlFailed(host: Host, argv: readonly string[], { code, stderr }: Output): SealerError {
  const words = argv.filter((word) => !word.startsWith('-')).slice(0, 3);
  return new SealerError(
    'COMMAND_FAILED',
    `kubectl ${words.join(' ')} failed on ${host.label} with exit code ${code ?? 'none'}: ${oneLine(stderr.slice(-600))}`,
  );
}
