/** Text of images, which may say anything, made harmless where it goes into a page. */

/** For text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * JSON that can stand in a script element. The element ends at `</script`, and `<!--` changes what ends it (HTML, "restrictions
 * on the contents of script elements"); neither can be without a `<`, which JSON only has in strings.
 */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
