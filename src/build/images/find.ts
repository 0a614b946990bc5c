/** Which container images the files of a stage name. */

import {
  type AppValues,
  apiVersionsIn,
  discover,
  type Finding,
  type Findings,
  joinMissingTools,
} from '../../discover/index.ts';
import { type Place, type Problem, SealerError } from '../../error.ts';
import { localImageFile } from '../../local-images/index.ts';
import { type Builder, warn } from '../builder.ts';
import { placeInContext } from '../context/context.ts';
import { valueSetsOf } from '../instructions/value-sets.ts';
import { contentLayers, type StageState } from '../stage/state.ts';
import { kubeVersionFor } from './cluster.ts';
import { discoverableFiles } from './discoverable.ts';
import type { ImageLists } from './lists.ts';

/**
 * Finds the images of one platform; places are those of the context where a file came from there.
 * @param others what was found elsewhere, which the rules are for as well, and what is wrong there
 * @throws SealerError MANIFEST_UNREADABLE, or the code of the only problem
 */
export async function findImages(
  builder: Builder,
  state: StageState,
  lists: ImageLists,
  others: Findings = { findings: [], problems: [] },
): Promise<readonly Finding[]> {
  const layers = contentLayers(state);
  const { files: all, paths } = await discoverableFiles(builder, state);
  // Lists below images/ were read with the archives and engines that they name.
  const files = new Map([...all].filter(([path]) => localImageFile(path) === undefined));
  const { rules, ignoreFile, renderer, world } = builder;
  const found = await discover(files, {
    ...{ rules, ignoreFile, renderer, paths, signal: world.signal },
    imageLists: lists.wanted,
    ignored: lists.ignored,
    also: others.findings,
    env: Object.fromEntries(state.env),
    apps: appValues(state, paths),
    kubeVersion: await kubeVersionFor(builder, state),
    apiVersions: apiVersionsIn(files),
  });
  const origins: Readonly<Record<string, string>> = Object.assign({}, ...layers.map((layer) => layer.origins));
  const locate = (at: Place): Place => {
    const origin = origins[at.file];
    return origin === undefined ? at : { ...at, file: placeInContext(builder.context, origin) };
  };
  const located = [...others.problems, ...found.problems].map((problem) =>
    problem.at === undefined ? problem : { ...problem, at: locate(problem.at) },
  );
  refuseProblems(builder, joinMissingTools(located));
  return found.findings.map((finding) => ({ ...finding, at: locate(finding.at) }));
}

/** What templates and charts of each app are rendered with. */
function appValues({ apps }: StageState, paths: readonly string[]): ReadonlyMap<string, AppValues> {
  // Values of inherited apps are known by their files alone.
  const bySet = valueSetsOf(paths);
  return new Map(
    [...apps.values()].map(({ name, env, valueSets }) => [
      name,
      {
        env: Object.fromEntries(env),
        valueSets: bySet.get(name) ?? valueSets,
      },
    ]),
  );
}

/**
 * Remembers warnings, and refuses to go on where there are errors.
 * @throws SealerError the only one, or MANIFEST_UNREADABLE with all of them
 */
function refuseProblems(builder: Builder, all: readonly Problem[]): void {
  for (const problem of all) if (problem.severity === 'warning') warn(builder, problem);
  const problems = all.filter(({ severity }) => severity !== 'warning' && severity !== 'notice');
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw new SealerError(first.code, first.message, { hint: first.hint, at: first.at });
  throw new SealerError('MANIFEST_UNREADABLE', `${problems.length} problems in the files that name container images`, {
    hint: 'Each image that is not seen here would be missing on the cluster.',
    at: first.at,
    problems,
  });
}
