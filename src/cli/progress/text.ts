/** Text that comes from elsewhere, made fit for one line of a terminal or log. */

// Escape sequences (CSI, OSC and two-byte ones) and every other control character: a layer label or a line of RUN output
// must not be able to move the cursor, retitle the window or hide what follows.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** The text without escape sequences and control characters; tabs become spaces. */
export function plainText(text: string): string {
  return text.replace(ESCAPES, '').replace(CONTROLS, '').replaceAll('\t', '  ');
}

/** Cuts in the middle, so that a name keeps its start and its tag or digest: `registry…/app:v1`. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width <= 1) return text.slice(0, Math.max(0, width));
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
