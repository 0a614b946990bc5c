/** The images that a Kubefile stands on: part of what its image is made of, though the Kubefile's text stays the same. */

import { readFile } from 'node:fs/promises';
import { baseStage, expandWord, parseKubefile } from '../kubefile/index.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import type { RegistryClient } from '../registry/client/index.ts';

/**
 * The digests that the bases of a Kubefile have now. One that is named by a variable counts by its text alone.
 * @throws SealerError of the registry client
 */
export async function basesOf(
  kubefile: string,
  client: Pick<RegistryClient, 'resolve'>,
): Promise<Readonly<Record<string, string>>> {
  const parsed = parseKubefile(await readFile(kubefile, 'utf8'), kubefile).kubefile;
  const bases: Record<string, string> = {};
  for (const stage of parsed.stages) {
    if (baseStage(parsed, stage) !== undefined) continue;
    const name = expandWord(stage.from.image, () => undefined, parsed.escape);
    if (name === 'scratch' || stage.from.image.text.includes('$')) continue;
    const reference = parseReference(name);
    bases[formatReference(reference)] = (await client.resolve(reference)).digest;
  }
  return bases;
}
