/**
 * The functions of templates: Go's own, sealer's (`b64enc`, `b64dec`), and those of sprig and helm that charts use
 * everywhere. A function has sprig's name, order of arguments and result; where sprig gives the text of an error as its
 * result, this fails.
 */

import { COLLECTION_FUNCTIONS } from './collections.ts';
import { CONVERSION_FUNCTIONS } from './conversions.ts';
import { LOGIC_FUNCTIONS } from './logic.ts';
import { NUMBER_FUNCTIONS } from './numbers.ts';
import type { TemplateFunction } from './signature.ts';
import { TEXT_FUNCTIONS } from './text.ts';

export type { FunctionContext, TemplateFunction } from './signature.ts';

export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({
    ...LOGIC_FUNCTIONS,
    ...TEXT_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...COLLECTION_FUNCTIONS,
    ...CONVERSION_FUNCTIONS,
  }),
);
