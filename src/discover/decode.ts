/** Files as text. */

/** UTF-8 text; undefined for anything else. The byte order mark stays: places are counted in the text as it is. */
export function decodeText(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}
