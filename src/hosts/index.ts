/** Target machines: what runs commands there and brings files, and the books about the files that are left there. */

export {
  type FootprintFile,
  type FootprintOptions,
  installedFiles,
  installFiles,
  removeFiles,
  restoreFootprint,
} from './footprint/index.ts';
