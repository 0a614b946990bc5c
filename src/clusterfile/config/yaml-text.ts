/** YAML of files that a Config changes: read as Kubernetes reads it, written always in the same way. */

import { boolYaml11Tag, CORE_SCHEMA, dump, loadAll, mergeTag, YAMLException } from 'js-yaml';

/** Kubernetes' programs read YAML 1.1's booleans still (sigs.k8s.io/yaml). */
const SCHEMA = CORE_SCHEMA.withTags(boolYaml11Tag, mergeTag);

/** Files longer than this are not merged with anything. In characters. */
const MAX_LENGTH = 16 * 1024 * 1024;

/** What a text is not, in words for people. */
export class NotYaml extends Error {
  override readonly name = 'NotYaml';
}

/** All documents of a text, empty ones left out. @throws NotYaml */
export function readYamls(text: string): readonly unknown[] {
  if (text.length > MAX_LENGTH) throw new NotYaml('it is longer than 16 MiB');
  try {
    const documents = loadAll(text, { schema: SCHEMA, maxAliases: 1000 });
    return documents.filter((document) => document !== null && document !== undefined);
  } catch (error) {
    // The message of the parser quotes the line, which may hold a secret; its reason does not.
    if (error instanceof YAMLException) throw new NotYaml(error.reason + placeOf(error));
    throw new NotYaml('it is too deep or too large');
  }
}

/** A value as YAML: block style, two spaces, no aliases. */
export function writeYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function placeOf({ mark }: YAMLException): string {
  return mark === undefined ? '' : ` in line ${mark.line + 1}`;
}
