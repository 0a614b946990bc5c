/** Plugins that are programs: a script, or an executable of the image, on one host. */

import { SealerError } from '../../error.ts';
import type { PluginCall, PluginHost } from './context.ts';
import { pluginFailed } from './failure.ts';

export interface Program {
  readonly argv: readonly [string, ...string[]];
  readonly stdin: string;
}

const LAST_LINES = 10;
/** What a line shows in an error; more is in the host's log. */
const LINE_LENGTH = 500;

/**
 * Runs a program with the host's environment and the plugin's over it, in the rootfs.
 * @returns its last lines
 * @throws SealerError PLUGIN_FAILED, and HOST_UNREACHABLE and the like
 */
export async function runOnHost(
  call: PluginCall,
  { host, env }: PluginHost,
  { argv, stdin }: Program,
): Promise<readonly string[]> {
  const { spec, phase, context, signal } = call;
  const lines: string[] = [];
  const id = `plugin ${phase}/${spec.name} ${host.address}`;
  const onLine = (line: string): void => {
    lines.push(line.slice(0, LINE_LENGTH));
    if (lines.length > LAST_LINES) lines.shift();
    context.report({ type: 'output', id, line });
  };
  try {
    const { code } = await host.exec({
      argv,
      stdin,
      env: { ...env, ...spec.env, SEALER_PHASE: phase, SEALER_CLUSTER: context.clusterName },
      cwd: context.rootfs,
      timeoutMs: spec.timeoutMs,
      signal,
      onLine,
      allowFailure: true,
    });
    if (code === 0) return lines;
    throw pluginFailed(call, host.label, code === undefined ? 'it was killed' : `exit code ${code}`, lines);
  } catch (cause) {
    context.signal.throwIfAborted();
    if (cause instanceof SealerError && cause.code === 'HOST_TIMEOUT') {
      throw pluginFailed(call, host.label, `it took longer than ${spec.timeoutMs / 1000} s`, lines, cause);
    }
    throw cause;
  }
}
