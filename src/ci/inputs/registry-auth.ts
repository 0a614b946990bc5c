/** The `registry-auth` input: logins for this step alone, which leave no file behind. */

import { load } from 'js-yaml';
import { SealerError } from '../../error.ts';

export interface RegistryLogin {
  /** Host with port. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Reads the YAML list that docker/login-action takes: `- registry: ghcr.io`, `username: …`, `password: …`.
 * @throws SealerError USAGE; what was written is never in the message
 */
export function parseRegistryAuth(text: string): readonly RegistryLogin[] {
  if (text.trim() === '') return [];
  const list = parseYaml(text);
  if (!Array.isArray(list)) throw malformed('it is not a list');
  return list.map((entry: unknown, i) => {
    const read = (key: string): string => {
      const value: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, key) : undefined;
      // A password of digits alone is a number to YAML.
      if (typeof value === 'number') return String(value);
      if (typeof value !== 'string' || value === '') throw malformed(`item ${i + 1} has no ${key}`);
      return value;
    };
    const registry = read('registry')
      .replace(/^https?:\/\//, '')
      .replace(/\/.*$/, '');
    return { registry, username: read('username'), password: read('password') };
  });
}

function parseYaml(text: string): unknown {
  try {
    return load(text);
  } catch {
    // The parser's message quotes the line, which may be the one with the password.
    throw malformed('it is not YAML');
  }
}

function malformed(why: string): SealerError {
  return new SealerError('USAGE', `The input registry-auth is malformed: ${why}`, {
    hint: 'Write a YAML list of registry, username and password, each password from a secret.',
  });
}
