/** The text of a Clusterfile. */

import { writeYaml } from '../config/yaml-text.ts';
import type { Clusterfile } from '../desired.ts';
import { documentsOf } from './documents.ts';

/**
 * Writes a Clusterfile in its one canonical form, v2, as it is stored in the cluster and on its masters. Passwords are
 * left out, other secrets are `${NAME}`; but for them, parsing it gives the same Clusterfile.
 */
export function writeClusterfile(clusterfile: Clusterfile): string {
  return documentsOf(clusterfile).map(writeYaml).join('---\n');
}
