/** YAML of files that a Config changes: read as Kubernetes reads it, written always in the same way. */

import { dump } from 'js-yaml';
import { parseStream } from '../../yaml/index.ts';
import { createFindings } from '../reading/findings.ts';
import { readPlain } from '../reading/plain.ts';

/** Files longer than this are not merged with anything. In characters. */
const MAX_LENGTH = 16 * 1024 * 1024;

/** CRDs of large operators have some 100,000 values. Aliases count as often as they stand for something. */
const MAX_VALUES = 500_000;

/** What a text is not, in words for people; never with a part of the text, which may hold secrets. */
export class NotYaml extends Error {
  override readonly name = 'NotYaml';
}

/** All documents of a text, empty ones left out. @throws NotYaml */
export function readYamls(text: string): readonly unknown[] {
  if (text.length > MAX_LENGTH) throw new NotYaml('it is longer than 16 MiB');
  const findings = createFindings();
  const budget = { left: MAX_VALUES };
  // Variables are those of the file.
  const scope = { expand: (value: string) => value, secrets: new Map<string, string>() };
  const documents: unknown[] = [];
  for (const yaml of parseStream(text, '')) {
    if ('problem' in yaml) throw new NotYaml(`it is not YAML${inLine(yaml.problem.at?.line)}`);
    const tree = readPlain({ yaml, findings, scope, budget }, yaml.root);
    const [problem] = findings.sorted();
    if (budget.left < 0) throw new NotYaml('it has too many values');
    if (problem !== undefined) throw new NotYaml(`it has a key twice, or is too deep${inLine(problem.at?.line)}`);
    if (tree !== null && tree !== undefined) documents.push(tree);
  }
  return documents;
}

/** A value as YAML: block style, two spaces, no aliases. */
export function writeYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inLine(line: number | undefined): string {
  return line === undefined ? '' : ` in line ${line}`;
}
