/** What launches a cluster image: its own commands (CMDS, CMD), or those of the apps that LAUNCH names. */

import type { Application, ImageExtension } from '../cluster-image/extension.ts';
import { SealerError } from '../error.ts';

export interface LaunchStep {
  /** Undefined for a command of the image itself. */
  readonly app?: string;
  /** A line for `sh`, run in the rootfs; it goes to its app's folder itself. */
  readonly command: string;
  /** The image's ENV, with the app's APPENV over it. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The commands in the order in which they run. None for an image that launches nothing by itself.
 * @throws SealerError LAUNCH_FAILED if LAUNCH names an app that is not in the image, or one that has no commands
 */
export function planLaunch(extension: ImageExtension): readonly LaunchStep[] {
  const { launch, applications, env } = extension;
  // As the Go sealer: an image's own commands come first, and with them no app is launched.
  if (launch.cmds.length > 0) return launch.cmds.map((command) => ({ command, env }));
  return launch.app_names.flatMap((name) => stepsOf(name, applications, env));
}

function stepsOf(name: string, applications: readonly Application[], env: LaunchStep['env']): readonly LaunchStep[] {
  // The last one: an app that the base has under the same name was replaced.
  const app = applications.findLast((each) => each.name === name);
  if (app === undefined) {
    const known = applications.map((each) => each.name).join(', ');
    throw new SealerError('LAUNCH_FAILED', `The image launches the app ${name}, which is not in it`, {
      hint: known === '' ? 'Declare it with APP.' : `It has: ${known}.`,
    });
  }
  const commands = app.cmds.filter((command) => command.trim() !== '');
  if (commands.length === 0) {
    throw new SealerError('LAUNCH_FAILED', `Nothing tells how to launch the app ${name}`, {
      hint: `Say how: APPCMDS ${name} ["…"].`,
    });
  }
  return commands.map((command) => ({ app: name, command, env: { ...env, ...app.env } }));
}
