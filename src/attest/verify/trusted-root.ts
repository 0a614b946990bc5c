/** What sigstore's signatures are checked against: certificate authorities, logs, and who signs times. */

import type { TrustedRoot as Root } from '@sigstore/protobuf-specs';
import { SealerError } from '../../error.ts';

export type TrustedRoot = Root;

/**
 * Reads trusted roots: documents as `cosign trusted-root create` writes them, or lines of them as `gh attestation
 * trusted-root` does. Where none is given, that of the public sigstore is fetched and verified (TUF).
 * @throws SealerError TRUSTED_ROOT_INVALID; SIGNING_FAILED never
 */
export async function readTrustedRoots(texts: readonly string[]): Promise<readonly TrustedRoot[]> {
  const { TrustedRoot, getTrustedRoot } = await import('../sigstore-libraries.ts');
  if (texts.length > 0) return texts.flatMap((text) => documentsOf(text).map((json) => TrustedRoot.fromJSON(json)));
  try {
    return [await getTrustedRoot()];
  } catch (cause) {
    throw new SealerError('TRUSTED_ROOT_INVALID', 'The trusted root of the public sigstore cannot be fetched', {
      hint: 'Without internet, give it as a file: --trusted-root FILE (cosign trusted-root create, gh attestation trusted-root).',
      cause,
    });
  }
}

function documentsOf(text: string): readonly object[] {
  const whole = parse(text);
  const found =
    whole === undefined ? text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [parse(line)])) : [whole];
  return found.map((json) => {
    const isRoot = typeof json === 'object' && json !== null && 'certificateAuthorities' in json;
    if (isRoot) return json;
    throw new SealerError('TRUSTED_ROOT_INVALID', 'A trusted root is none: it has no certificate authorities', {
      hint: 'Make it with cosign trusted-root create, or gh attestation trusted-root.',
    });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
