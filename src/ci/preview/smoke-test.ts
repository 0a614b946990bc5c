/** The user's own check that a preview works: a script, run on the runner as GitHub runs `shell: bash`. */

import { SealerError } from '../../error.ts';
import { runCommand } from '../../process/command.ts';
import type { RunningPreview } from './world.ts';

export interface SmokeTest {
  /** The script. */
  readonly script: string;
  readonly cwd: string;
  /** The runner's; what is ours or secret in it is left out. */
  readonly env: NodeJS.ProcessEnv;
  /** In milliseconds. */
  readonly timeoutMs: number;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Inputs, tokens and file commands of the runner are not the script's business. */
const KEPT_OUT = /^(?:INPUT_|ACTIONS_|STATE_)|^(?:GITHUB_(?:TOKEN|ENV|OUTPUT|PATH|STATE|STEP_SUMMARY))$/;

/**
 * Runs the script; KUBECONFIG, PREVIEW_HOST and, where there is one, PREVIEW_URL lead to the preview.
 * @throws SealerError SMOKE_TEST_FAILED with its last lines; the signal's reason
 */
export async function runSmokeTest(
  { script, cwd, env, timeoutMs, onLine, signal }: SmokeTest,
  running: RunningPreview,
  url: string | undefined,
): Promise<void> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || KEPT_OUT.test(name) ? [] : [[name, value] as const],
  );
  const end = AbortSignal.timeout(timeoutMs);
  const preview = { KUBECONFIG: running.kubeconfig, PREVIEW_HOST: running.address };
  try {
    const { code, tail } = await runCommand({
      argv: ['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script],
      cwd,
      env: { ...Object.fromEntries(kept), ...preview, ...(url === undefined ? {} : { PREVIEW_URL: url }) },
      onLine,
      signal: AbortSignal.any([signal, end]),
    });
    if (code !== 0) throw failed(`ends with ${code ?? 'a signal'}`, tail);
  } catch (error) {
    signal.throwIfAborted();
    if (end.aborted) throw failed(`took longer than ${Math.round(timeoutMs / 1000)} s`, []);
    throw error;
  }
}

function failed(how: string, tail: readonly string[]): SealerError {
  const said = tail.slice(-5).join('\n');
  return new SealerError('SMOKE_TEST_FAILED', `The smoke test ${how}${said === '' ? '' : `:\n${said}`}`, {
    hint: 'Its whole output is in the log. The preview is left as it is.',
  });
}
