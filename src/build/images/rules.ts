/** What the user says about images, in files beside the Kubefile. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageList, NO_RULES, parseRules, type Rules } from '../../discover/index.ts';
import { isSystemError, SealerError } from '../../error.ts';
import type { BuildContext } from '../context/context.ts';

export interface UserRules {
  readonly rules: Rules;
  /** `.sealignore` */
  readonly ignoreFile: ImageList | undefined;
}

/**
 * Reads sealer.yaml and .sealignore of a context, where they are.
 * @throws SealerError RULES_INVALID with all problems, PERMISSION
 */
export async function readUserRules({ given }: Pick<BuildContext, 'given'>): Promise<UserRules> {
  const rulesFile = join(given, 'sealer.yaml');
  const [rulesText, ignoreFile] = await Promise.all([read(rulesFile), readIgnoreFile(join(given, '.sealignore'))]);
  if (rulesText === undefined) return { rules: NO_RULES, ignoreFile };
  const { rules, problems } = parseRules(rulesText, rulesFile);
  const errors = problems.filter(({ severity }) => severity !== 'warning');
  const [first] = errors;
  if (first === undefined) return { rules, ignoreFile };
  if (errors.length === 1) throw new SealerError(first.code, first.message, { at: first.at, hint: first.hint });
  throw new SealerError('RULES_INVALID', `${rulesFile} has ${errors.length} problems`, { problems: errors });
}

async function readIgnoreFile(file: string): Promise<ImageList | undefined> {
  const text = await read(file);
  return text === undefined ? undefined : { file, text };
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
    if (!isSystemError(cause, 'EACCES', 'EPERM')) throw cause;
    throw new SealerError('PERMISSION', `${file} cannot be read`, { cause, hint: 'Mend its permissions.' });
  }
}
