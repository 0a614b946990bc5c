/** What is told of a launch command that failed. */

import { SealerError } from '../error.ts';
import type { CommandEnd } from '../process/command.ts';
import { findExecutable } from '../process/find-executable.ts';
import type { LaunchStep } from './plan.ts';

/** Programs that launches need and that not every machine or image has. */
const TOOLS = ['helm', 'kubectl', 'kustomize'] as const;

/**
 * The failure of a command.
 * @param path the PATH that it had
 * @param mask blanks secrets
 */
export async function launchFailed(
  { app, command }: LaunchStep,
  end: CommandEnd,
  path: string,
  mask: (line: string) => string,
): Promise<SealerError> {
  const how = end.signal === undefined ? `exit code ${end.code}` : `signal ${end.signal}`;
  const said = end.tail.map((line) => `\n    ${mask(line)}`).join('');
  const what = app === undefined ? 'The launch' : `The launch of the app ${app}`;
  const message = `${what} failed with ${how}: ${mask(command)}`;
  return new SealerError('LAUNCH_FAILED', `${message}${said === '' ? '\n    It said nothing.' : said}`, {
    hint: await hintOf(command, end, path),
  });
}

async function hintOf(command: string, { code, tail }: CommandEnd, path: string): Promise<string> {
  const absent: string[] = [];
  for (const tool of TOOLS) {
    if (isNamed(tool, command) && (await findExecutable(tool, path)) === undefined) absent.push(tool);
  }
  if (absent.length > 0) {
    return `${absent.join(' and ')}: not found. It is neither in bin/ of the image nor on the PATH: put it into the image (COPY helm bin/), or install it here.`;
  }
  if (code === 127) return 'A program was not found: commands use those of bin/ in the image and of the PATH.';
  if (code === 126 || tail.some((line) => /exec format error/i.test(line))) {
    return 'A program cannot be run here: is it executable, and made for this machine?';
  }
  return 'Commands run in the rootfs with sh, one after the other; mend this one and build again.';
}

/** Whether a command uses a program: where a program stands in a shell line, not where an argument does. */
function isNamed(tool: string, command: string): boolean {
  return new RegExp(`(?:^|[;&|({\`\\n]|\\b(?:then|do|else|exec|sudo|time)\\s)\\s*${tool}(?=[\\s;&|)]|$)`).test(command);
}
