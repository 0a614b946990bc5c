/** Launch commands on a master: with its kubeconfig, the image's programs and folders of their own. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { type LaunchStep, launchEnvironment, SYSTEM_PATH } from '../../launch/index.ts';

export interface HostLaunch {
  /** Folder on the host. */
  readonly rootfs: string;
  /** Of the cluster, on the host. */
  readonly home: string;
  /** The administrator's kubeconfig; kept on the host for nobody but root. */
  readonly kubeconfig: string;
  /** Of one command, in milliseconds. */
  readonly timeoutMs: number;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs commands one after the other, and stops at the first that fails.
 * @throws SealerError LAUNCH_FAILED (app, command, host, exit code, last lines)
 */
export async function launchOnHost(host: Host, steps: readonly LaunchStep[], launch: HostLaunch): Promise<void> {
  const { rootfs, home, kubeconfig, signal } = launch;
  const file = `${home}/launch/admin.kubeconfig`;
  const private_ = `${home}/launch`;
  await host.exec({ argv: ['mkdir', '-p', '-m', '0700', private_, `${private_}/home`, `${private_}/tmp`], signal });
  await host.write(file, kubeconfig, { mode: 0o600, signal });
  for (const { app, command, env } of steps) {
    const tail: string[] = [];
    const output = await host.exec({
      argv: ['sh', '-c', command],
      cwd: rootfs,
      env: launchEnvironment(env, { rootfs, private_, kubeconfig: file, path: SYSTEM_PATH }),
      timeoutMs: launch.timeoutMs,
      allowFailure: true,
      signal,
      onLine: (line) => {
        tail.push(line);
        if (tail.length > 20) tail.shift();
        launch.onLine(line);
      },
    });
    if (output.code === 0) continue;
    const how = output.code === undefined ? 'was killed' : `failed with exit code ${output.code}`;
    const said = tail.map((line) => `\n    ${line}`).join('');
    const what = app === undefined ? 'The launch' : `The launch of the app ${app}`;
    throw new SealerError('LAUNCH_FAILED', `${what} ${how} on ${host.label}: ${command}${said}`, {
      hint: hintFor(output.code, tail),
    });
  }
}

function hintFor(code: number | undefined, tail: readonly string[]): string {
  if (code === 127 || tail.some((line) => /not found$/.test(line))) {
    return 'A program was not found: put it into bin/ of the image (COPY helm bin/).';
  }
  return 'Mend it, and run the same command again: it goes on with this app.';
}
