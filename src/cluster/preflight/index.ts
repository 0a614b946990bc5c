/** Checks of hosts before anything is changed. */

export { type CheckedHost, type PreflightOptions, preflight } from './preflight.ts';
