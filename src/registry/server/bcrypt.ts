/** bcrypt, the only hash that docker's registry takes in an htpasswd file. */

import { SealerError } from '../../error.ts';

export type VerifyBcrypt = (password: string, hash: string) => Promise<boolean>;

/** Named in a variable: the package is needed, and looked for, by registries with such a file only. */
const PACKAGE: string = 'bcryptjs';

/**
 * Checks a password, by bcryptjs.
 * @throws SealerError CREDENTIALS_INVALID when the package is not installed
 */
export const verifyBcrypt: VerifyBcrypt = async (password, hash) => {
  let loaded: { compare: VerifyBcrypt };
  try {
    const module: { default: { compare: VerifyBcrypt } } = await import(PACKAGE);
    loaded = module.default;
  } catch (cause) {
    throw new SealerError('CREDENTIALS_INVALID', 'bcrypt hashes cannot be checked: the package bcryptjs is absent', {
      hint: 'Install bcryptjs, or write users with "htpasswd -m".',
      cause,
    });
  }
  // PHP and Apache write $2y$ for what everyone else calls $2b$; the algorithm is the same.
  return loaded.compare(password, hash.replace(/^\$2y\$/, '$2b$'));
};
