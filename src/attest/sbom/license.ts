/** Licences, as images and charts declare them. What nobody declares is not guessed. */

import { NOASSERTION } from './document.ts';

const ID = '[A-Za-z0-9][A-Za-z0-9.-]*\\+?';
const TERM = `\\(*${ID}(?:\\s+WITH\\s+${ID})?\\)*`;
const EXPRESSION = new RegExp(`^${TERM}(?:\\s+(?:AND|OR)\\s+${TERM})*$`);

export interface DeclaredLicense {
  readonly licenseDeclared: string;
  /** What was declared in words that are no SPDX expression. */
  readonly licenseComments?: string;
}

/**
 * What to say of a declared licence.
 * @param text `Apache-2.0`, `MIT OR GPL-2.0-only`, or what people write instead
 */
export function declaredLicense(text: string | undefined): DeclaredLicense {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return { licenseDeclared: NOASSERTION };
  const isBalanced = trimmed.split('(').length === trimmed.split(')').length;
  if (isBalanced && EXPRESSION.test(trimmed)) return { licenseDeclared: trimmed };
  return { licenseDeclared: NOASSERTION, licenseComments: `Declared as: ${trimmed.slice(0, 1000)}` };
}
