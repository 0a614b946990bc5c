/** in-toto statements: what is said (predicate), of what kind it is, and of which digests (in-toto/attestation, v1). */

import { SealerError } from '../../error.ts';
import { algorithmOf, type Digest, hexOf } from '../../oci/digest.ts';

const STATEMENT_V1 = 'https://in-toto.io/Statement/v1';
const KNOWN_STATEMENTS: readonly string[] = [STATEMENT_V1, 'https://in-toto.io/Statement/v0.1'];

export interface Statement {
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

export interface Subject {
  readonly name?: string | undefined;
  readonly digest: Digest;
}

/** The statement as JSON, the same bytes for the same content. */
export function serializeStatement({ subjects, predicateType, predicate }: Statement): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: STATEMENT_V1,
      subject: subjects.map(({ name, digest }) => ({
        ...(name === undefined ? {} : { name }),
        digest: { [algorithmOf(digest)]: hexOf(digest) },
      })),
      predicateType,
      predicate,
    }),
  );
}

/**
 * Reads a statement. Subjects with digests that we cannot compare are left out.
 * @throws SealerError SIGNATURE_INVALID if it is none
 */
export function parseStatement(bytes: Buffer): Statement {
  const json = objectOf(parseJson(bytes));
  const { _type, subject, predicateType, predicate } = json;
  if (typeof _type !== 'string' || !KNOWN_STATEMENTS.includes(_type)) throw invalid(`has the type ${String(_type)}`);
  if (typeof predicateType !== 'string') throw invalid('has no predicateType');
  if (!Array.isArray(subject)) throw invalid('has no list of subjects');
  return { subjects: subject.flatMap(readSubject), predicateType, predicate };
}

/** Whether a statement is about a digest. */
export function isAbout({ subjects }: Statement, digest: Digest): boolean {
  return subjects.some((subject) => subject.digest === digest);
}

function readSubject(value: unknown): readonly Subject[] {
  const { name, digest } = objectOf(value);
  return Object.entries(objectOf(digest)).flatMap(([algorithm, hex]): Subject[] => {
    const text = `${algorithm}:${String(hex)}`;
    if (!/^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(text)) return [];
    return [{ name: typeof name === 'string' ? name : undefined, digest: text as Digest }];
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw invalid('is not JSON', cause);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

function invalid(what: string, cause?: unknown): SealerError {
  return new SealerError('SIGNATURE_INVALID', `The statement of an attestation ${what}`, { cause });
}
