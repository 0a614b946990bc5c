/**
 * What names an image, in words that stay as they are until it is named elsewhere: no line numbers, which change with
 * every edit, and no paths of one machine.
 */

import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Place } from '../error.ts';
import { FOUND_BY_RECORDING } from './lock.ts';

/** What found an image; a finding of discovery is one. */
export interface Naming {
  readonly at: Place;
  /** In the document: `spec.template.spec.containers[0].image`. */
  readonly path?: string | undefined;
  readonly finder: string;
  /** Name of the chart whose template or values `at` is. */
  readonly chart?: string | undefined;
  /** `Deployment shop/web` */
  readonly object?: string | undefined;
}

export interface PlaceOptions {
  /** The folder of the build, as the user gave it: files in it are named from there. */
  readonly context: string;
  /** Files of --image-list, as the user gave them: they may lie outside the context. */
  readonly imageLists?: readonly string[] | undefined;
}

/** `manifests/web.yaml spec.containers[0].image`, `charts/x/values.yaml chart x`, `found by recording`. */
export function reasonOf(finding: Naming, options: PlaceOptions): string {
  const { at, path, finder, chart, object } = finding;
  if (finder === 'recording') return recorded(object);
  const file = nameFile(at.file, options);
  if (chart !== undefined) return `${file} chart ${chart}`;
  return path === undefined || path === '' ? file : `${file} ${path}`;
}

/** Names of pods are made up anew each time; those of what starts them are not. */
function recorded(object: string | undefined): string {
  return object === undefined || /^(?:Pod|ReplicaSet)\b/.test(object)
    ? FOUND_BY_RECORDING
    : `${FOUND_BY_RECORDING} (${object})`;
}

/** Files of the context from there; those of a base image or a download have a path in the rootfs, which stays. */
function nameFile(file: string, { context, imageLists = [] }: PlaceOptions): string {
  const inContext = relative(resolve(context), resolve(file));
  if (inContext !== '' && !isOutside(inContext)) return inContext.split(sep).join('/');
  if (imageLists.includes(file) || isAbsolute(file) || isOutside(file)) return basename(file);
  return file.split(sep).join('/');
}

function isOutside(path: string): boolean {
  return isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`);
}
