/** imageList files: one reference per line with `#` comments, or a YAML list (`- ref`, or `images:` over a list). */

import type { Place, Problem } from '../../error.ts';
import { SealerError } from '../../error.ts';
import { parseReference } from '../../oci/reference.ts';
import { isMapping, isSequence, itemsOf, parseStream, placeOf, textOf } from '../../yaml/document.ts';
import { valueAt } from '../../yaml/mapping.ts';
import type { Finding, Findings } from '../finding.ts';

/** What only YAML starts with: no reference begins with a dash or a bracket, and `images:` alone is no reference. */
const YAML_START = /^(?:---|-\s|\[|\{|images:(?:\s|$))/;
/** Where sealos' lists say that an image is to be taken from; a local engine is asked for what no registry has anyway. */
const TRANSPORT = /^(?:docker|docker-daemon|containers-storage):(?:\/\/)?/;

/**
 * Finds the images of a list; each line that is no reference is a problem.
 * @param file how to name the file in places
 */
export function findInImageList(text: string, file: string): { findings: Finding[]; problems: Problem[] } {
  const found: Findings = { findings: [], problems: [] };
  if (isYamlList(text)) {
    findInYamlList(found, text, file);
    return found;
  }
  for (const { entry, at } of entriesOfList(text, file)) take(found, entry, at);
  return found;
}

/** The entries of a list of lines, `#` comments and blank lines left out. */
export function* entriesOfList(text: string, file: string): Generator<{ readonly entry: string; readonly at: Place }> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [i, line] of lines.entries()) {
    const entry = line.replace(/(^|\s)#.*$/, '').trim();
    if (entry !== '') yield { entry, at: { file, line: i + 1, column: line.indexOf(entry) + 1 } };
  }
}

function isYamlList(text: string): boolean {
  for (const { entry } of entriesOfList(text, '')) return YAML_START.test(entry);
  return false;
}

function findInYamlList(found: Findings, text: string, file: string): void {
  for (const yaml of parseStream(text, file)) {
    if ('problem' in yaml) {
      found.problems.push(yaml.problem);
      continue;
    }
    const list = isMapping(yaml, yaml.root) ? valueAt(yaml, yaml.root, 'images') : yaml.root;
    if (!isSequence(yaml, list) && textOf(yaml, list) !== '') {
      const message = 'The image list is YAML, but no list';
      const hint = 'Write one reference per line, or a list under images:.';
      found.problems.push({ code: 'MANIFEST_UNREADABLE', message, hint, at: placeOf(yaml, list ?? yaml.root) });
    }
    for (const item of itemsOf(yaml, list)) take(found, textOf(yaml, item)?.trim() ?? '', placeOf(yaml, item));
  }
}

function take(found: Findings, text: string, at: Place): void {
  try {
    const reference = parseReference(text.replace(TRANSPORT, ''));
    found.findings.push({ reference, text, at, finder: 'image-list', certainty: 'certain' });
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    found.problems.push({ code: error.code, message: error.message, hint: error.hint, at });
  }
}
