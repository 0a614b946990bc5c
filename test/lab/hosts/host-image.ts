/** The image that hosts of the lab are made of. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { whatEngineLacks } from '../engine.ts';
import { findTool } from '../tools.ts';

/** What to give as a test's `skip`: false when hosts can be started here, else the reason. */
export function needsHosts(): string | false {
  const lacking = whatEngineLacks();
  if (lacking !== undefined) return lacking;
  const absent = ['mmdebstrap', 'ssh-keygen'].filter((tool) => findTool(tool) === undefined);
  return absent.length === 0 ? false : `absent: ${absent.join(', ')} (test/lab/install-lab installs it)`;
}

/** Gives the image's name in the engine; made unless it is there, which takes a minute. */
export async function labHostImage(): Promise<string> {
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'image', 'build'), { maxBuffer: 64 << 20 });
  return stdout.trim();
}
