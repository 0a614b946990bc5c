/** Which helm and kubectl a launch finds: the same that charts and kustomizations are rendered with. */

import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SealerError } from '../error.ts';
import { findExecutable } from '../process/find-executable.ts';
import { type FindToolOptions, findTool } from '../render/index.ts';

/**
 * The PATH of a launch, behind the image's own bin/.
 * @param links an empty folder; a tool that PATH does not find gets its plain name there, whatever its file is called
 */
export async function toolPath(links: string, options: FindToolOptions): Promise<string> {
  const { PATH = '' } = options.env;
  for (const name of ['kubectl', 'helm'] as const) {
    try {
      const tool = await findTool(name, options);
      if (tool !== (await findExecutable(name, PATH))) await symlink(tool, join(links, name));
    } catch (error) {
      // Not every launch needs it, and one that does fails with a better message.
      if (!(error instanceof SealerError)) throw error;
    }
  }
  return PATH === '' ? links : `${links}:${PATH}`;
}
