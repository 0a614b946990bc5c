/** Reading and writing documents of kubeadm. */

import { dump, loadAll } from 'js-yaml';
import { SealerError } from '../../../error.ts';
import { type Fields, fieldsOf, stringOf } from '../../../kubernetes/fields.ts';
import { liftDocument } from './convert.ts';

/**
 * The documents of a text by kind, lifted to v1beta4.
 * @param at what to call the text in errors
 * @throws SealerError IMAGE_UNFIT
 */
export function readDocuments(text: string, at: string): Readonly<Record<string, Fields>> {
  const documents: Record<string, Fields> = {};
  for (const each of parse(text, at)) {
    if (each === null || each === undefined) continue;
    const kind = stringOf(fieldsOf(each)?.kind);
    if (kind === undefined) throw new SealerError('IMAGE_UNFIT', `${at} has a document without a kind`);
    documents[kind] = liftDocument(kind, fieldsOf(each) ?? {});
  }
  return documents;
}

/** Documents as one text. */
export function writeDocuments(documents: readonly Fields[]): string {
  return documents.map((each) => dump(each, { lineWidth: -1, noRefs: true })).join('---\n');
}

function parse(text: string, at: string): unknown[] {
  try {
    return loadAll(text);
  } catch (cause) {
    throw new SealerError('IMAGE_UNFIT', `${at} is no YAML: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
