/** bcrypt, the only hash that docker's registry takes in an htpasswd file. */

export type VerifyBcrypt = (password: string, hash: string) => Promise<boolean>;

/** Checks a password. bcryptjs is loaded by registries that have such a file, and by nobody else. */
export const verifyBcrypt: VerifyBcrypt = async (password, hash) => {
  const { compare } = await import('bcryptjs');
  // Apache writes $2y$ for what everyone else calls $2b$; the algorithm is the same.
  return compare(password, hash.replace(/^\$2y\$/, '$2b$'));
};
