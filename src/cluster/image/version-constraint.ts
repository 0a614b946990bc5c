/**
 * Whether a version satisfies a constraint, as Masterminds/semver v3 (constraints.go) answers it. The grammar is
 * kubefile/instructions/constraint.ts's; what is not in it was refused at build.
 */

import type { KubeVersion } from '../../runtime/version.ts';

interface Bound {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly preRelease: string;
  /** `*`: every part is open, and nothing was said. */
  readonly isAny: boolean;
  /** Left out, or `x`. */
  readonly isMinorOpen: boolean;
  /** Left out, or `x`; also where the minor is. */
  readonly isPatchOpen: boolean;
}

const PART = '[0-9]+|[xX*]';
const VERSION = `v?(${PART})(?:\\.(${PART}))?(?:\\.(${PART}))?(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?`;
const COMPARISON = new RegExp(`(!=|>=|=>|<=|=<|~>|[=<>~^])?\\s*${VERSION}`, 'g');
const RANGE = new RegExp(`(${VERSION})\\s+-\\s+(${VERSION})`, 'g');

/** @param constraint `>=1.26, <1.30 || ~1.32` */
export function satisfies(version: KubeVersion, constraint: string): boolean {
  return constraint.split('||').some((alternative) => {
    // `1.26 - 1.28`: both ends are in it.
    const plain = alternative.replace(RANGE, (whole: string) => {
      const [from = '', to = ''] = whole.split(/\s+-\s+/);
      return `>=${from} <=${to}`;
    });
    const comparisons = [...plain.matchAll(COMPARISON)];
    return comparisons.length > 0 && comparisons.every((comparison) => holds(version, comparison));
  });
}

function holds(
  version: KubeVersion,
  [, operator = '', major = '', minor, patch, preRelease = '']: RegExpMatchArray,
): boolean {
  const bound = boundOf(major, minor, patch, preRelease);
  // Who does not name a pre-release does not want one.
  if (version.preRelease !== '' && bound.preRelease === '') return false;
  const order = compare(version, bound);
  const isOpen = bound.isAny || bound.isPatchOpen;
  switch (operator) {
    case '>':
      return isOpen ? isBehind(version, bound) : order > 0;
    case '>=':
    case '=>':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
    case '=<':
      return isOpen ? !isBehind(version, bound) : order <= 0;
    case '!=':
      return isOpen ? !isWithin(version, bound) : order !== 0;
    case '^':
      return order >= 0 && keepsLeftmost(version, bound);
    case '~':
    case '~>':
      return order >= 0 && (bound.isAny || isZero(bound) || isWithin(version, { ...bound, isPatchOpen: true }));
    default:
      return isOpen ? isWithin(version, bound) : order === 0;
  }
}

function boundOf(major: string, minor: string | undefined, patch: string | undefined, preRelease: string): Bound {
  const isOpen = (part: string | undefined) => part === undefined || !/^\d+$/.test(part);
  const isAny = isOpen(major);
  const isMinorOpen = isAny || isOpen(minor);
  const isPatchOpen = isMinorOpen || isOpen(patch);
  return {
    major: isAny ? 0 : Number(major),
    minor: isMinorOpen ? 0 : Number(minor),
    patch: isPatchOpen ? 0 : Number(patch),
    ...{ preRelease, isAny, isMinorOpen, isPatchOpen },
  };
}

/** Whether a version lies behind all that an open bound covers. */
function isBehind(version: KubeVersion, bound: Bound): boolean {
  if (bound.isAny) return false;
  if (version.major !== bound.major) return version.major > bound.major;
  return !bound.isMinorOpen && version.minor > bound.minor;
}

/** Whether the parts that were said agree; the open ones may be anything. */
function isWithin(version: KubeVersion, bound: Bound): boolean {
  if (bound.isAny) return true;
  if (version.major !== bound.major) return false;
  if (bound.isMinorOpen) return true;
  return version.minor === bound.minor && (bound.isPatchOpen || version.patch === bound.patch);
}

/** `^`: the leftmost part that is not zero stays. */
function keepsLeftmost(version: KubeVersion, bound: Bound): boolean {
  if (bound.isAny) return true;
  if (bound.major > 0 || bound.isMinorOpen) return version.major === bound.major;
  if (version.major > 0) return false;
  if (bound.minor > 0 || bound.isPatchOpen) return version.minor === bound.minor;
  return version.minor === 0 && version.patch === bound.patch;
}

/** `~0.0.0` takes everything. */
function isZero({ major, minor, patch, isMinorOpen, isPatchOpen }: Bound): boolean {
  return major + minor + patch === 0 && !isMinorOpen && !isPatchOpen;
}

function compare(version: KubeVersion, bound: Bound): number {
  return (
    version.major - bound.major ||
    version.minor - bound.minor ||
    version.patch - bound.patch ||
    comparePreReleases(version.preRelease, bound.preRelease)
  );
}

/** semver 11.3 and 11.4: a release comes after what came before it; numbers count as numbers and come before words. */
function comparePreReleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '' || b === '') return a === '' ? 1 : -1;
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    if (x === y) continue;
    const numbers = [x, y].map((part) => /^\d+$/.test(part));
    if (numbers[0] === true && numbers[1] === true) return Number(x) - Number(y);
    if (numbers[0] !== numbers[1]) return numbers[0] === true ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}
