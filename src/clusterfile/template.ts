/** `.tmpl` files of a rootfs. */

import { renderTemplate } from '../render/index.ts';
import type { Env } from './desired.ts';

/**
 * Renders a Go template (text/template with sprig's functions that charts use everywhere, b64enc and b64dec among them)
 * over variables.
 * @param file how to name it in errors
 * @throws SealerError TEMPLATE_INVALID with line and column: malformed, or a variable is not set and has no default
 */
export function renderRootfsTemplate(text: string, file: string, env: Env): string {
  return renderTemplate(text, file, env).text;
}
