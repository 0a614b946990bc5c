/** How a plugin fails. */

import { SealerError } from '../../error.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import type { PluginCall } from './context.ts';

/**
 * @param where label of the host, or `the cluster`
 * @param why what happened
 * @param lines the last ones that it printed
 */
export function pluginFailed(
  { spec, phase }: PluginCall,
  where: string,
  why: string,
  lines: readonly string[] = [],
  cause?: unknown,
): SealerError {
  const said = lines.length === 0 ? '' : `\n${lines.map((line) => `  ${oneLine(line)}`).join('\n')}`;
  return new SealerError(
    'PLUGIN_FAILED',
    `plugin ${spec.name} (${spec.type}) failed in ${phase} on ${where}: ${why}${said}`,
    {
      hint: 'Mend the plugin or the host, and run the same command again: it goes on from there.',
      at: spec.at,
      cause,
    },
  );
}

/** A plugin whose data cannot be understood. */
export function pluginInvalid({ spec }: Pick<PluginCall, 'spec'>, message: string, hint?: string): SealerError {
  return new SealerError('PLUGIN_INVALID', `plugin ${spec.name} (${spec.type}): ${message}`, { hint, at: spec.at });
}
