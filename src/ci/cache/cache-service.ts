/**
 * The cache service's client. It weighs more than everything else together and is wanted only where there is a cache, so
 * it is a bundle of its own, loaded when it is needed.
 */

export { isFeatureAvailable, restoreCache, saveCache } from '@actions/cache';
