/** An image of apps alone, run on a cluster that is there: what is lacking. Pure. */

import { isReference, parseReference } from '../../oci/reference.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import type { SavedState } from '../state/saved-state.ts';
import type { Launch } from './situation.ts';
import type { Plan, Step } from './step.ts';

export interface AppSituation {
  readonly image: RunnableImage;
  readonly saved: SavedState;
  /** The first master: where it is launched. */
  readonly master: string;
  readonly launches: readonly Launch[];
  /** Hosts that hold the registry, and the first master, as far as they lack something of the image. */
  readonly lacking: readonly string[];
  /** Hosts whose containers do not know all registries that the image's container images are named by. */
  readonly unmirrored: readonly string[];
  /** What a push into an external registry depends on; undefined with a local one. */
  readonly push: string | undefined;
  readonly waits: boolean;
}

/** Versions of one app image have this in common: its name without tag and digest. */
export function appName(image: string): string {
  if (!isReference(image)) return image;
  const { registry, repository } = parseReference(image);
  return `${registry}/${repository}`;
}

/** Under which name it is remembered what was launched of an app image. */
export function launchName(image: string, launch: string): string {
  return launch.startsWith('.') ? `${launch} ${appName(image)}` : `${appName(image)} ${launch}`;
}

/** The steps; none where the very same was launched before. */
export function appPlan(situation: AppSituation): Plan {
  const { image, saved, master, launches, lacking, unmirrored, push, waits } = situation;
  const { name, digest, size } = image;
  const pushed = saved.launched[launchName(name, '.push')];
  const step = (kind: Step['kind'], hosts: readonly string[], title: string, reason: string): Step => ({
    ...{ id: kind, kind, title, hosts, reason, risk: kind === 'mirror' ? 'low' : 'none' },
  });
  const steps: readonly Step[] = [
    ...(lacking.length > 0
      ? [{ ...step('distribute', lacking, `Bring ${name}`, 'hosts lack some of it'), bytes: size }]
      : []),
    ...(push !== undefined && push !== pushed
      ? [step('push', [], 'Push the container images', 'the registry may lack some')]
      : []),
    ...(unmirrored.length > 0
      ? [step('mirror', unmirrored, 'Point containers at the registry', 'the app brings images of other registries')]
      : []),
    ...launches.flatMap(({ name: launch, digest: wanted }): readonly Step[] => {
      const before = saved.launched[launchName(name, launch)];
      if (before === wanted) return [];
      const what = launch === 'commands' ? 'the launch commands' : `the app ${launch}`;
      const [title, reason] =
        before === undefined
          ? [`Launch ${what}`, 'not launched yet']
          : [`Launch ${what} again`, 'its content, settings or commands differ'];
      return [{ ...step('launch', [master], title, reason), id: `launch ${launch}`, detail: launch }];
    }),
  ];
  const isUnfinished = saved.unfinished !== undefined;
  const reason = isUnfinished ? 'the last run broke off' : 'to be sure';
  const wait = step('wait', [], 'Wait until everything is ready', reason);
  return {
    cluster: saved.name,
    image: { name, digest },
    runtime: saved.runtime,
    steps: waits && (steps.length > 0 || isUnfinished) ? [...steps, wait] : steps,
    warnings: [],
  };
}
