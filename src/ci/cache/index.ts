/** The store's small content between runs, in the cache of GitHub Actions. */

export { openCache } from './cache.ts';
