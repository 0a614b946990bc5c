/** What is launched: the image's choice, unless the Clusterfile has its own. */

import type { ImageExtension } from '../../cluster-image/index.ts';
import type { ApplicationSpec, Clusterfile, Env } from '../../clusterfile/desired.ts';
import { type LaunchStep, planLaunch } from '../../launch/index.ts';

/** The commands of one app, or of the image itself. */
export interface AppLaunch {
  /** The app's name; `commands` for those of the image itself. */
  readonly name: string;
  readonly steps: readonly LaunchStep[];
}

/**
 * The commands in the order in which they run, by app.
 * @param env what every command sees, below its app's own
 * @throws SealerError LAUNCH_FAILED for an app that is not in the image, or has no commands
 */
export function launchesOf(
  extension: ImageExtension,
  { cluster, application }: Pick<Clusterfile, 'cluster' | 'application'>,
  env: Env,
): readonly AppLaunch[] {
  const cmds = cluster.cmd ?? application?.cmds ?? [];
  const names = cluster.appNames ?? application?.launchApps;
  const launch = {
    cmds: cmds.length > 0 ? cmds : names === undefined ? extension.launch.cmds : [],
    app_names: names ?? extension.launch.app_names,
  };
  const applications = extension.applications.map((app) => withSettings(app, application));
  const steps = planLaunch({ ...extension, env, applications, launch });
  const groups = new Map<string, LaunchStep[]>();
  for (const step of steps) {
    const name = step.app ?? 'commands';
    groups.set(name, [...(groups.get(name) ?? []), step]);
  }
  return [...groups].map(([name, each]) => ({ name, steps: each }));
}

function withSettings(
  app: ImageExtension['applications'][number],
  application: ApplicationSpec | undefined,
): ImageExtension['applications'][number] {
  const config = application?.configs.find(({ name }) => name === app.name);
  if (config === undefined) return app;
  const inFolder = (command: string) => `cd 'application/apps/${app.name}' && ${command}`;
  return {
    ...app,
    env: { ...app.env, ...config.env },
    cmds: config.launchCmds === undefined ? app.cmds : config.launchCmds.map(inFolder),
  };
}
