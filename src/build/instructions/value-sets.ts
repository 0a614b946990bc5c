/** Values files of charts: `APP --values`. They lie beside the apps, so that the chart itself stays as it was made. */

import { type Place, SealerError } from '../../error.ts';
import type { AppInstruction } from '../../kubefile/ast.ts';
import { expandWord, type Scope } from '../../kubefile/index.ts';
import type { Builder } from '../builder.ts';
import { gatherFromContext } from '../context/gather.ts';
import type { CopySource } from './destination.ts';

const VALUES_FOLDER = 'application/values';

/** A values file on its way into the image. */
export interface ValuesFile {
  /** In the rootfs: `application/values/<app>/<set>-<number>-<name>`. */
  readonly path: string;
  readonly source: CopySource;
  /** JSON; what decides about the layer. */
  readonly inputs: unknown;
}

/** Where the values files of an app are in the rootfs. */
export function valuesFolder(app: string): string {
  return `${VALUES_FOLDER}/${app}`;
}

/**
 * Gathers the values files of an APP from the context, set by set.
 * @throws SealerError SOURCE_NOT_FOUND, SOURCE_OUTSIDE_CONTEXT, BAD_FLAG for what is not one file
 */
export async function gatherValues(
  builder: Builder,
  { name, values }: AppInstruction,
  scope: Scope,
): Promise<readonly (readonly ValuesFile[])[]> {
  const sets: ValuesFile[][] = [];
  for (const [set, words] of values.entries()) {
    const files: ValuesFile[] = [];
    for (const [number, word] of words.entries()) {
      const path = expandWord(word, scope, builder.kubefile.escape);
      files.push(await gatherOne(builder, path, word.at, (file) => `${valuesFolder(name)}/${set}-${number}-${file}`));
    }
    sets.push(files);
  }
  return sets;
}

/**
 * The values files of all apps, by app and set, as the files of a rootfs tell: also of apps that a base image brought.
 * @param paths of files, relative
 */
export function valueSetsOf(paths: Iterable<string>): ReadonlyMap<string, readonly (readonly string[])[]> {
  const apps = new Map<string, Map<number, [number: number, path: string][]>>();
  for (const path of paths) {
    const [, app, set, number] = /^application\/values\/([^/]+)\/(\d{1,4})-(\d{1,4})-[^/]+$/.exec(path) ?? [];
    if (app === undefined) continue;
    const sets = apps.get(app) ?? new Map<number, [number, string][]>();
    apps.set(app, sets.set(Number(set), [...(sets.get(Number(set)) ?? []), [Number(number), path]]));
  }
  return new Map(
    [...apps].map(([app, sets]) => [
      app,
      [...sets].sort(([a], [b]) => a - b).map(([, files]) => files.sort(([a], [b]) => a - b).map(([, path]) => path)),
    ]),
  );
}

async function gatherOne(
  builder: Builder,
  path: string,
  at: Place,
  placeOf: (name: string) => string,
): Promise<ValuesFile> {
  const gathered = await gatherFromContext(builder, path, at);
  const [source, ...others] = await gathered.load();
  if (source === undefined || others.length > 0 || source.isDirectory) {
    throw new SealerError('BAD_FLAG', `--values of APP takes files, and "${path}" is not one file`, {
      at,
      hint: 'Name each file: --values=base.yaml,production.yaml.',
    });
  }
  const { name } = source;
  return { path: placeOf(name), source: { ...source, name: placeOf(name) }, inputs: [placeOf(name), gathered.inputs] };
}
