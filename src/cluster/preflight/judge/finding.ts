/** What a check says about a host. */

import type { ErrorCode, Problem } from '../../../error.ts';

type Severity = 'error' | 'warning' | 'notice';

/**
 * @param host whose label the message begins with
 * @param text goes on after the label: `has no tar`
 * @param hint what to do, in the imperative
 */
export function finding(
  host: { readonly label: string },
  severity: Severity,
  text: string,
  hint: string,
  code: ErrorCode = 'HOST_UNFIT',
): Problem {
  return { code, severity, message: `${host.label} ${text}`, hint };
}

/** `1.5 GiB`, `300 MiB`. */
export function formatSize(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1000 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

/** A few of many: `a, b, c and 7 more`. */
export function someOf(names: readonly string[], count = 5): string {
  const rest = names.length - count;
  return rest > 0 ? `${names.slice(0, count).join(', ')} and ${rest} more` : names.join(', ');
}
