/** One file of the rootfs, read by what its role says. */

import type { Problem } from '../error.ts';
import { decodeText } from './decode.ts';
import type { Findings } from './finding.ts';
import { findInArchiveList } from './lists/archive-list.ts';
import { findInCompose } from './lists/compose.ts';
import { findInImageList } from './lists/image-list.ts';
import { findInScript } from './lists/script.ts';
import { findInManifests } from './manifest/find-in-manifests.ts';
import { appOf, type Role } from './places/roles.ts';
import type { Rules } from './rules/rules.ts';

export interface TreatedFile {
  readonly path: string;
  readonly content: Buffer;
  readonly role: Role;
  readonly rules: Rules;
  /** For the variables of compose files. */
  readonly env: Readonly<Record<string, string>>;
}

/** Finds the images that a file names by itself; charts, kustomizations and templates are for others. */
export function findInFile(file: TreatedFile): Findings {
  const { path, content, role } = file;
  const read = READERS[role];
  if (read === undefined || (role === 'maybe-manifests' && !mentionsImages(content))) return NOTHING();
  const text = decodeText(content);
  if (text === undefined) {
    if (role === 'maybe-manifests' || role === 'script') return NOTHING();
    const message = 'This file is not UTF-8 text';
    return { findings: [], problems: [{ code: 'MANIFEST_UNREADABLE', message, at: { file: path } }] };
  }
  const { findings, problems } = read(text, file);
  const app = appOf(path);
  return { findings: app === undefined ? findings : findings.map((finding) => ({ ...finding, app })), problems };
}

const NOTHING = (): Findings => ({ findings: [], problems: [] });

const READERS: Partial<Readonly<Record<Role, (text: string, file: TreatedFile) => Findings>>> = {
  manifests: (text, { path, rules }) => findInManifests(text, path, rules),
  'maybe-manifests': findInMaybeManifests,
  'image-list': (text, { path }) => findInImageList(text, path),
  'archive-list': (text, { path }) => findInArchiveList(text, path),
  compose: (text, { path, env }) => findInCompose(text, path, env),
  script: (text, { path }) => findInScript(text, path),
};

/** Most YAML outside the folders for manifests has nothing to do with Kubernetes, and is not worth parsing. */
function mentionsImages(content: Buffer): boolean {
  return content.includes('image') && content.includes('kind');
}

/**
 * A workload is one wherever it stands. What looks like an image there is possible at best; what is no YAML, or a template
 * of it, is somebody else's business.
 */
function findInMaybeManifests(text: string, { path, rules }: TreatedFile): Findings {
  const { findings, problems } = findInManifests(text, path, rules);
  const known = problems.filter(({ code }) => code !== 'MANIFEST_UNREADABLE');
  return {
    findings: findings
      .filter(({ object, finder }) => object !== undefined || finder === 'rule')
      .map((finding) => (finding.finder === 'shape' ? { ...finding, certainty: 'possible' } : finding)),
    problems: known.map((problem): Problem => ({ ...problem, severity: 'warning' })),
  };
}
