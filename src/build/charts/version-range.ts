/** Versions and ranges as Helm reads them (github.com/Masterminds/semver v3): `9.1.0`, `^9.1`, `~1.2`, `>=1.2 <2 || 3.x`. */

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Without its dash; empty for a release. */
  readonly prerelease: string;
}

const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const VERSION = new RegExp(`^v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`);
const PARTIAL = `v?(?:\\d+|[xX*])(?:\\.(?:\\d+|[xX*])){0,2}(?:-${IDENTIFIERS})?(?:\\+${IDENTIFIERS})?`;
const COMPARATOR = new RegExp(`^(!=|>=|=>|<=|=<|~>|[=<>~^])?\\s*(${PARTIAL})(?:[\\s,]+|$)`);
const HYPHEN = new RegExp(`(${PARTIAL})\\s+-\\s+(${PARTIAL})`, 'g');

/** Reads a version; a leading `v` and missing numbers are allowed. */
export function parseVersion(text: string): Version | undefined {
  const [whole, major, minor = '0', patch = '0', prerelease = ''] = VERSION.exec(text.trim()) ?? [];
  if (whole === undefined || major === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), prerelease };
}

/** Negative, zero or positive, by semver 2.0.0 §11. What stands behind a plus does not count. */
export function compareVersions(a: Version, b: Version): number {
  return compareNumbers(a, b) || comparePrereleases(a.prerelease, b.prerelease);
}

/**
 * Reads a range.
 * @returns whether a version is in it, or undefined if the text is no range. Prereleases are only in comparisons that name one
 */
export function parseRange(text: string): ((version: Version) => boolean) | undefined {
  const alternatives: Test[][] = [];
  for (const alternative of text.split('||')) {
    const tests = parseAlternative(alternative.trim().replaceAll(HYPHEN, '>=$1 <=$2'));
    if (tests === undefined) return undefined;
    alternatives.push(tests);
  }
  return (version) => alternatives.some((tests) => tests.every((test) => test(version)));
}

type Test = (version: Version) => boolean;

function parseAlternative(text: string): Test[] | undefined {
  if (text === '') return undefined;
  const tests: Test[] = [];
  for (let rest = text; rest !== ''; ) {
    const [whole, operator = '', version = ''] = COMPARATOR.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    tests.push(compile(operator, version));
    rest = rest.slice(whole.length);
  }
  return tests;
}

function compile(operator: string, text: string): Test {
  const [, numbers = '', prerelease = ''] = /^v?([^-+]*)(?:-([^+]*))?/.exec(text) ?? [];
  const parts = numbers.split('.');
  const wild = parts.findIndex((part) => !/^\d+$/.test(part));
  /** How many of the three numbers are said. */
  const known = wild < 0 ? parts.length : wild;
  const number = (i: number): number => (i < known ? Number(parts[i]) : 0);
  const bound: Version = { major: number(0), minor: number(1), patch: number(2), prerelease };
  const test = comparison(operator, bound, known);
  return (version) => (version.prerelease === '' || prerelease !== '') && test(version);
}

function comparison(operator: string, bound: Version, known: number): Test {
  const atLeast: Test = (version) => compareVersions(version, bound) >= 0;
  const sameAs: Test = (version) =>
    known === 3 ? compareVersions(version, bound) === 0 : agree(version, bound, known);
  switch (operator) {
    case '!=':
      return (version) => !sameAs(version);
    case '>':
      return (version) => compareVersions(version, bound) > 0 && (known === 3 || !agree(version, bound, known));
    case '>=':
    case '=>':
      return atLeast;
    case '<':
      return (version) => compareVersions(version, bound) < 0;
    case '<=':
    case '=<':
      return (version) => compareVersions(version, bound) <= 0 || (known < 3 && agree(version, bound, known));
    case '~':
    case '~>':
      return (version) => atLeast(version) && agree(version, bound, Math.min(known, 2));
    case '^':
      return (version) => atLeast(version) && agree(version, bound, caretDepth(bound, known));
    default:
      return sameAs;
  }
}

/** Up to which number a caret holds fast: the first that is not zero, as far as they are said. */
function caretDepth({ major, minor }: Version, known: number): number {
  if (major > 0 || known <= 1) return Math.min(known, 1);
  return minor > 0 || known === 2 ? 2 : 3;
}

function agree(a: Version, b: Version, depth: number): boolean {
  return (depth < 1 || a.major === b.major) && (depth < 2 || a.minor === b.minor) && (depth < 3 || a.patch === b.patch);
}

function compareNumbers(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  // A release is newer than what came before it.
  if (a === '') return 1;
  if (b === '') return -1;
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareIdentifiers(left[i], right[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
