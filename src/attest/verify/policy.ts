/** Whom a verifier trusts: a key, or an identity that an issuer vouches for. */

import type { KeyObject } from 'node:crypto';

export type TrustPolicy = KeyPolicy | IdentityPolicy;

export interface KeyPolicy {
  readonly kind: 'key';
  readonly key: KeyObject;
}

export interface IdentityPolicy {
  readonly kind: 'identity';
  /** Who signed: a workflow (`https://github.com/owner/repo/.github/workflows/x.yml@refs/heads/main`) or an e-mail address. */
  readonly identity: Expected;
  /** Who vouches for that: `https://token.actions.githubusercontent.com`. */
  readonly issuer: Expected;
  /** Trusted roots as JSON, any of which may be the one. Empty: that of the public sigstore is fetched. */
  readonly trustedRoots: readonly string[];
}

export type Expected =
  | { readonly exactly: string }
  /** Has to match the whole text: a pattern that may match anywhere in it is met by names that attackers choose. */
  | { readonly pattern: RegExp };

/** Whether a text is what was expected. */
export function isExpected(expected: Expected, text: string): boolean {
  return 'exactly' in expected ? expected.exactly === text : expected.pattern.test(text);
}

/** For people. */
export function describeExpected(expected: Expected): string {
  return 'exactly' in expected ? expected.exactly : `/${expected.pattern.source}/`;
}
