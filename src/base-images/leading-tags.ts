/** Which tags of a release may be set now, so that nobody who follows a moving one is led back. Pure. */

import { nextRevision } from './published.ts';

/** `v1.33.4`, `v1.33.4-calico`. */
const TAG = /^(v\d+\.\d+)\.(\d+)(-.+)?$/;

/**
 * Leaves out what would go back: all moving tags when a later revision is published, the floating ones when a later patch release of the
 * minor version is. Versions may be taken out of the data, and a job may be run again long after others have published more.
 * @param tags of one release: `v1.33.4-r2`, `v1.33.4`, `v1.33`
 * @param published all tags of the repository
 */
export function leadingTags(tags: readonly string[], published: ReadonlySet<string>): readonly string[] {
  const [immutable = ''] = tags;
  const [, tag = '', revision = '0'] = /^(.+)-r(\d+)$/.exec(immutable) ?? [];
  if (nextRevision(published, tag) > Number(revision) + 1) return [immutable];
  const [, minor = '', patch = '0', suffix = ''] = TAG.exec(tag) ?? [];
  const isPassed = [...published].some((each) => {
    const [, otherMinor, otherPatch, otherSuffix = ''] = TAG.exec(each) ?? [];
    return otherMinor === minor && otherSuffix === suffix && Number(otherPatch) > Number(patch);
  });
  return isPassed ? tags.filter((each) => each === immutable || each === tag) : tags;
}
