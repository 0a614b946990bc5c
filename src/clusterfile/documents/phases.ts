/** When plugins run, in the words of sealer v0.11 and of v0.8. */

import type { Phase } from '../desired.ts';

/** sealer v0.11 (pkg/cluster-runtime/hook.go). */
export const PHASES: readonly Phase[] = [
  'pre-install',
  'post-install',
  'pre-uninstall',
  'post-uninstall',
  'pre-scaleup',
  'post-scaleup',
  'upgrade',
  'rollback',
  'pre-init-host',
  'post-init-host',
  'pre-clean-host',
  'post-clean-host',
  'upgrade-host',
];

/**
 * sealer v0.8 (plugin/ of v0.8.6) had other moments. What ran on hosts before anything was installed is `pre-init-host`,
 * so that hosts that join later get it as well; PreGuest ran before the image's commands and PostInstall after them,
 * and both have a whole cluster, which is `post-install`.
 */
export const OLDER_PHASES: Readonly<Record<string, Phase>> = {
  Originally: 'pre-init-host',
  PreInit: 'pre-init-host',
  PreInstall: 'pre-install',
  PreGuest: 'post-install',
  PostInstall: 'post-install',
  PreJoin: 'pre-scaleup',
  PostJoin: 'post-scaleup',
  PreClean: 'pre-clean-host',
  PostClean: 'post-clean-host',
};

/** The phase that a name of either vocabulary stands for, letter case aside. */
export function phaseOf(name: string): { readonly phase: Phase; readonly isOlder: boolean } | undefined {
  const wanted = name.toLowerCase();
  const phase = PHASES.find((each) => each === wanted);
  if (phase !== undefined) return { phase, isOlder: false };
  const older = Object.entries(OLDER_PHASES).find(([each]) => each.toLowerCase() === wanted);
  return older && { phase: older[1], isOlder: true };
}
