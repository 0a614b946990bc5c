/** Digests: short to read, whole to take along. */

import { element } from './element.ts';

/** How long a button says that it copied, in milliseconds. */
const SAID_MS = 1500;

/** A digest as people compare it, with a button that copies all of it. */
export function digestOf(digest: string, isWhole = false): HTMLElement {
  const [algorithm = '', hex = ''] = digest.split(':');
  const shown = isWhole || hex === '' ? digest : `${algorithm}:${hex.slice(0, 12)}…`;
  return element('span', { class: 'digest' }, element('code', { title: digest }, shown), copyButton(digest));
}

function copyButton(text: string): HTMLElement {
  const button = element('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${text}` }, 'copy');
  button.addEventListener('click', async () => {
    const isCopied = await copy(text, button);
    button.textContent = isCopied ? 'copied' : 'select it';
    setTimeout(() => {
      button.textContent = 'copy';
    }, SAID_MS);
  });
  return button;
}

/** The clipboard is for secure contexts; a page of a file may have to do with a selection. */
async function copy(text: string, beside: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const code = beside.previousElementSibling;
    if (code === null) return false;
    code.textContent = text;
    getSelection()?.selectAllChildren(code);
    return false;
  }
}
