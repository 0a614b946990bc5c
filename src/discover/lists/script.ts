/** Shell scripts of apps: what their commands pull, and references that cannot be anything else. */

import type { Finding } from '../finding.ts';
import { lookAt, unmistakableIn } from '../manifest/looks.ts';
import { imagesInCommands } from './commands.ts';

/**
 * Finds the images of a script. All are possible: nobody here knows whether a line of it is run.
 * @param file how to name the file in places
 */
export function findInScript(text: string, file: string): { findings: Finding[]; problems: [] } {
  const found = new Map<string, Finding>();
  const take = (image: string, line: number): void => {
    const look = lookAt(image);
    const key = `${line} ${image}`;
    if (look === undefined || found.has(key)) return;
    const { reference } = look;
    found.set(key, { reference, text: image, at: { file, line }, finder: 'argument', certainty: 'possible' });
  };
  for (const { image, line } of imagesInCommands(text)) take(image, line);
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    for (const word of unmistakableIn(line.replace(/(^|\s)#.*$/, ''))) take(word.text, i + 1);
  }
  return { findings: [...found.values()].sort((a, b) => (a.at.line ?? 0) - (b.at.line ?? 0)), problems: [] };
}
