/** htpasswd files, as Apache's `htpasswd` writes them: bcrypt (-B), apr1-MD5 (-m) and SHA-1 (-s). */

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isSystemError, SealerError } from '../../error.ts';
import { apr1 } from './apr1.ts';
import { type VerifyBcrypt, verifyBcrypt } from './bcrypt.ts';

/** The users of a file. The file is read again when it changes. */
export interface Htpasswd {
  /** Another one whenever the file has changed. */
  version(): Promise<string>;
  check(user: string, password: string): Promise<boolean>;
}

/**
 * Opens an htpasswd file.
 * @param verify the bcrypt implementation
 * @throws SealerError CREDENTIALS_INVALID when it cannot be read or has a hash of another kind, with the line
 */
export async function openHtpasswd(file: string, verify: VerifyBcrypt = verifyBcrypt): Promise<Htpasswd> {
  let loaded = await load(file);
  const refresh = async () => {
    const version = await versionOf(file);
    // A file that is being replaced by a broken one keeps the old users in: a typo must not lock out the cluster.
    if (version !== undefined && version !== loaded.version) loaded = await load(file).catch(() => loaded);
  };
  return {
    version: async () => {
      await refresh();
      return loaded.version;
    },
    check: (user, password) => {
      const hash = loaded.users.get(user);
      // An unknown user takes as long as a known one, so that names cannot be found out by the clock.
      const [decoy = ''] = loaded.users.values();
      return hash === undefined ? matches(password, decoy, verify).then(() => false) : matches(password, hash, verify);
    },
  };
}

interface Loaded {
  readonly version: string;
  readonly users: ReadonlyMap<string, string>;
}

async function load(file: string): Promise<Loaded> {
  try {
    const version = (await versionOf(file)) ?? '';
    return { version, users: parse(await readFile(file, 'utf8'), file) };
  } catch (cause) {
    if (cause instanceof SealerError) throw cause;
    const why = isSystemError(cause, 'ENOENT') ? 'does not exist' : 'cannot be read';
    throw new SealerError('CREDENTIALS_INVALID', `The htpasswd file ${file} ${why}`, { cause });
  }
}

async function versionOf(file: string): Promise<string | undefined> {
  const info = await stat(file).catch(() => undefined);
  return info === undefined ? undefined : `${info.mtimeMs}-${info.size}-${info.ino}`;
}

function parse(text: string, file: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const hash = line.slice(colon + 1).trim();
    if (colon < 1 || !/^\$2[aby]\$\d\d\$.{53}$|^\{SHA\}.{28}$|^\$apr1\$[^$]{1,8}\$.{22}$/.test(hash)) {
      // The line itself is a secret; its number is enough.
      throw new SealerError('CREDENTIALS_INVALID', 'The htpasswd file has a line that is no user with a known hash', {
        at: { file, line: index + 1 },
        hint: 'Write users with "htpasswd -B".',
      });
    }
    users.set(line.slice(0, colon), hash);
  }
  return users;
}

async function matches(password: string, hash: string, verify: VerifyBcrypt): Promise<boolean> {
  if (hash.startsWith('$2')) return verify(password, hash);
  if (hash.startsWith('$apr1$')) return isEqual(apr1(password, hash.split('$')[2] ?? ''), hash);
  if (hash.startsWith('{SHA}')) return isEqual(`{SHA}${createHash('sha1').update(password).digest('base64')}`, hash);
  return false;
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
