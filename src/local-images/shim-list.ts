/**
 * Files below `images/shim/`: a reference per line, and images of a local engine as sealos names them,
 * `docker-daemon:app:v1` and `containers-storage:app:v1` (docs of sealos, "images/shim").
 */

import { type Place, type Problem, SealerError } from '../error.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import type { EngineKind } from './engine/engine.ts';
import { linesOf } from './lines.ts';

export interface ListedImage {
  readonly reference: Reference;
  /** As written, prefix included. */
  readonly text: string;
  /** The engine that has to have it; undefined for an image of a registry. */
  readonly engine: EngineKind | undefined;
  readonly at: Place;
}

/** Reads a shim list; what is no reference is a problem, and the rest is still read. */
export function parseShimList(
  text: string,
  file: string,
): { readonly entries: readonly ListedImage[]; readonly problems: readonly Problem[] } {
  const entries: ListedImage[] = [];
  const problems: Problem[] = [];
  for (const line of linesOf(text, file)) {
    const [, transport, name = line.text] =
      /^(docker-daemon:|containers-storage:|docker:\/\/)(.+)$/.exec(line.text) ?? [];
    try {
      const engine = transport === undefined ? undefined : ENGINES[transport];
      entries.push({ reference: parseReference(name), text: line.text, engine, at: line.at });
    } catch (error) {
      if (!(error instanceof SealerError)) throw error;
      problems.push({ code: error.code, message: error.message, hint: error.hint, at: line.at });
    }
  }
  return { entries, problems };
}

const ENGINES: Readonly<Record<string, EngineKind>> = { 'docker-daemon:': 'docker', 'containers-storage:': 'podman' };
