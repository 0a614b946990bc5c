/** Launches what a cluster image carries, on a cluster that is there. */

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Application } from '../cluster-image/extension.ts';
import { runCommand } from '../process/command.ts';
import { launchEnvironment, makePrivateFolders, SYSTEM_PATH } from './environment.ts';
import { launchFailed } from './failure.ts';
import { maskKubeconfig } from './kubeconfig-secrets.ts';
import type { LaunchStep } from './plan.ts';
import { type RenderTemplate, renderTemplates } from './templates.ts';

export interface LaunchOptions {
  /** The unpacked image (`unpackRootfs`), in a folder of ours: another is made beside it, and removed. */
  readonly rootfs: string;
  /** Path of the file. */
  readonly kubeconfig: string;
  /** The image's ENV: what templates see. Commands see it as well, below their step's own. */
  readonly env: Readonly<Record<string, string>>;
  /** The image's apps: their env is for their templates. Default: what the steps tell of them. */
  readonly apps?: readonly Pick<Application, 'name' | 'env'>[];
  readonly renderTemplate: RenderTemplate;
  /** Each line of output, secrets masked. */
  readonly onLine: (line: string) => void;
  /** Called before each command. */
  readonly onStep?: (step: LaunchStep) => void;
  /** Blanks secrets that the caller knows. Those of the kubeconfig are blanked always. */
  readonly mask?: (line: string) => string;
  readonly signal?: AbortSignal | undefined;
  /** Folders with programs, as PATH has them, behind `bin/` of the rootfs. Default: the usual ones of the system. */
  readonly path?: string | undefined;
}

/**
 * Renders the image's templates, then runs the steps one after the other, and stops at the first that fails. What a command
 * leaves running in its process group is killed when it ends.
 * @throws SealerError LAUNCH_FAILED (which app and command, how it ended, its last lines); what the rendering of templates
 *   throws; the signal's reason
 */
export async function runLaunch(steps: readonly LaunchStep[], options: LaunchOptions): Promise<void> {
  const { signal, env, renderTemplate } = options;
  signal?.throwIfAborted();
  const rootfs = await realpath(options.rootfs);
  const kubeconfig = await realpath(options.kubeconfig);
  await renderTemplates(rootfs, { env, apps: envOfApps(steps, options.apps), renderTemplate, signal });
  const maskKeys = await maskKubeconfig(kubeconfig);
  const mask = (line: string): string => maskKeys(options.mask?.(line) ?? line);
  const private_ = await mkdtemp(join(dirname(rootfs), 'launch-'));
  try {
    await makePrivateFolders(private_);
    for (const step of steps) {
      options.onStep?.(step);
      const path = options.path ?? SYSTEM_PATH;
      const environment = launchEnvironment({ ...env, ...step.env }, { rootfs, private_, kubeconfig, path });
      const end = await runCommand({
        argv: ['/bin/sh', '-c', step.command],
        cwd: rootfs,
        env: environment,
        onLine: (line) => options.onLine(mask(line)),
        signal,
      });
      if (end.code !== 0) throw await launchFailed(step, end, environment.PATH ?? path, mask);
    }
  } finally {
    // What cannot be removed (folders without permissions) goes with the folder that the rootfs is in.
    await rm(private_, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

function envOfApps(
  steps: readonly LaunchStep[],
  apps: LaunchOptions['apps'],
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const fromSteps = steps.flatMap(({ app, env }): [string, LaunchStep['env']][] =>
    app === undefined ? [] : [[app, env]],
  );
  return new Map([...fromSteps, ...(apps ?? []).map(({ name, env }): [string, LaunchStep['env']] => [name, env])]);
}
