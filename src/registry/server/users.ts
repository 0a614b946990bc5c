/** Users whose passwords the caller has at hand: for a registry that lives as long as a piece of work. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Htpasswd } from './htpasswd.ts';

/**
 * Users as `basicAuth` asks for them.
 * @param passwords by user
 * @param others asked for users that are not among them
 */
export function givenUsers(passwords: ReadonlyMap<string, string>, others?: Htpasswd): Htpasswd {
  // Compared as keyed hashes: these have one length, and how far two of them agree tells nothing of a password.
  const key = randomBytes(32);
  const hash = (text: string) => createHmac('sha256', key).update(text).digest();
  const hashes = new Map([...passwords].map(([user, password]) => [user, hash(password)]));
  const decoy = randomBytes(32);
  return {
    version: async () => (await others?.version()) ?? '',
    check: async (user, password) => {
      const own = hashes.get(user);
      const isRight = timingSafeEqual(hash(password), own ?? decoy);
      if (own !== undefined) return isRight;
      return (await others?.check(user, password)) ?? false;
    },
  };
}
