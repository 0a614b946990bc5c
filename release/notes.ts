/** The notes of a release: its section of CHANGELOG.md. */

/**
 * Takes the section of a version out of a changelog.
 * @returns Markdown without the heading
 * @throws Error when there is no such section, or nothing in it
 */
export function notesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^(?=## )/m);
  const heading = new RegExp(`^## \\[?v?${version.replaceAll('.', '\\.')}\\]?(?:\\s|$)`);
  const section = sections.find((each) => heading.test(each));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section ## ${version}`);
  const notes = section.replace(/^.*\n?/, '').trim();
  if (!/^[-*] /m.test(notes)) throw new Error(`CHANGELOG.md says nothing about ${version}`);
  return `${notes}\n`;
}
