/** Whether an event starts a workflow: `on`, with its types, branches, tags and paths. */

import { matchesGlob } from 'node:path';
import type { Happening } from './events.ts';
import { isMapping, type Workflow } from './workflow-file.ts';

/** The types of pull_request events that start a workflow that names none. */
const DEFAULT_TYPES = ['opened', 'synchronize', 'reopened'];

/**
 * Whether a run of the workflow is made.
 * @throws Error for filters that these tests do not know
 */
export function isStarted({ on }: Workflow, happening: Happening): boolean {
  if (!(happening.name in on)) return false;
  const filter = on[happening.name];
  if (happening.name === 'schedule') return hasCron(filter, happening.payload.schedule);
  if (!isMapping(filter)) return happening.name === 'pull_request' ? hasType(DEFAULT_TYPES, happening) : true;
  switch (happening.name) {
    case 'push':
      refuseUnknown(filter, ['branches', 'branches-ignore', 'tags', 'tags-ignore', 'paths', 'paths-ignore']);
      return isPushed(filter, happening);
    case 'pull_request':
    case 'pull_request_target':
      refuseUnknown(filter, ['types', 'branches', 'branches-ignore', 'paths', 'paths-ignore']);
      return (
        hasType(asList(filter.types) ?? DEFAULT_TYPES, happening) &&
        isNamed(happening.baseRef ?? '', filter.branches, filter['branches-ignore']) &&
        isTouched(filter, happening)
      );
    default:
      return filter.types === undefined || hasType(asList(filter.types) ?? [], happening);
  }
}

/** A push of a tag is none of a branch: with only `branches` it starts nothing, and the other way round. */
function isPushed(filter: Readonly<Record<string, unknown>>, happening: Happening): boolean {
  const tag = /^refs\/tags\/(.*)$/.exec(happening.ref)?.[1];
  const branch = /^refs\/heads\/(.*)$/.exec(happening.ref)?.[1];
  const ofTags = 'tags' in filter || 'tags-ignore' in filter;
  const ofBranches = 'branches' in filter || 'branches-ignore' in filter;
  // Paths are not looked at for tags.
  if (tag !== undefined) return ofTags ? isNamed(tag, filter.tags, filter['tags-ignore']) : !ofBranches;
  if (ofTags && !ofBranches) return false;
  return isNamed(branch ?? '', filter.branches, filter['branches-ignore']) && isTouched(filter, happening);
}

function isTouched(filter: Readonly<Record<string, unknown>>, { changed }: Happening): boolean {
  const ignored = asList(filter['paths-ignore']);
  if (ignored !== undefined) return changed.some((path) => !matches(path, ignored));
  const wanted = asList(filter.paths);
  return wanted === undefined || changed.some((path) => matches(path, wanted));
}

function isNamed(name: string, wanted: unknown, ignored: unknown): boolean {
  const not = asList(ignored);
  if (not !== undefined) return !matches(name, not);
  const patterns = asList(wanted);
  return patterns === undefined || matches(name, patterns);
}

/** The last pattern that matches decides; `!` takes away again. */
function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.reduce((found, pattern) => {
    const isNegative = pattern.startsWith('!');
    return matchesGlob(name, isNegative ? pattern.slice(1) : pattern) ? !isNegative : found;
  }, false);
}

function hasType(types: readonly string[], { payload }: Happening): boolean {
  return types.includes(String(payload.action));
}

function hasCron(filter: unknown, cron: unknown): boolean {
  return Array.isArray(filter) && filter.some((each) => isMapping(each) && each.cron === cron);
}

function asList(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function refuseUnknown(filter: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  for (const key of Object.keys(filter)) if (!known.includes(key)) throw new Error(`unknown filter ${key}`);
}
