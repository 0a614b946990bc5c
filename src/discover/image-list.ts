/** imageList files: one reference per line with `#` comments, or a YAML list (`- ref`, or `images:` over a list). */

import type { Place, Problem } from '../error.ts';
import { SealerError } from '../error.ts';
import { parseReference } from '../oci/reference.ts';
import type { Finding, Findings } from './finding.ts';
import { isMapping, isSequence, itemsOf, parseYaml, placeOf, textOf, valueAt } from './yaml-events.ts';

/** What only YAML starts with: no reference begins with a dash or a bracket, and `images:` alone is no reference. */
const YAML_START = /^(?:---|-\s|\[|\{|images:(?:\s|$))/;

/**
 * Finds the images of a list; each line that is no reference is a problem.
 * @param file how to name the file in places
 */
export function findInImageList(text: string, file: string): { findings: Finding[]; problems: Problem[] } {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const first = lines.map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('#'));
  if (first !== undefined && YAML_START.test(first)) return findInYamlList(text, file);
  const found: Findings = { findings: [], problems: [] };
  for (const [i, line] of lines.entries()) {
    const entry = line.replace(/(^|\s)#.*$/, '').trim();
    if (entry !== '') take(found, entry, { file, line: i + 1, column: line.indexOf(entry) + 1 });
  }
  return found;
}

function findInYamlList(text: string, file: string): Findings {
  const yaml = parseYaml(text, file);
  if ('problem' in yaml) return { findings: [], problems: [yaml.problem] };
  const found: Findings = { findings: [], problems: [] };
  for (const document of yaml.documents) {
    const list = isMapping(yaml, document) ? valueAt(yaml, document, 'images') : document;
    if (!isSequence(yaml, list) && textOf(yaml, list) !== '') {
      const message = 'The image list is YAML, but no list';
      const hint = 'Write one reference per line, or a list under images:.';
      found.problems.push({ code: 'MANIFEST_UNREADABLE', message, hint, at: placeOf(yaml, list ?? document) });
    }
    for (const item of itemsOf(yaml, list)) take(found, textOf(yaml, item)?.trim() ?? '', placeOf(yaml, item));
  }
  return found;
}

function take(found: Findings, text: string, at: Place): void {
  try {
    found.findings.push({ reference: parseReference(text), text, at, finder: 'image-list', certainty: 'certain' });
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    found.problems.push({ code: error.code, message: error.message, hint: error.hint, at });
  }
}
