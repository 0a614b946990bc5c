/** Books about the files that we put onto a host, so that it can be left as it was. */

export {
  type FootprintFile,
  type FootprintOptions,
  installedFiles,
  installFiles,
  removeFiles,
  restoreFootprint,
} from './footprint.ts';
