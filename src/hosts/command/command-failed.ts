/** The errors of commands that were run on a host. */

import { SealerError } from '../../error.ts';
import { isDiskFull } from '../disk-full.ts';
import type { ProcessEnd } from './link.ts';

/** What is known about a command that failed, secrets blanked. */
export interface Failure {
  readonly label: string;
  /** As people read it. */
  readonly command: string;
  readonly end: ProcessEnd;
  readonly stdout: string;
  readonly stderr: string;
}

const LAST_LINES = 20;

/** COMMAND_FAILED, or HOST_DISK_FULL where that is the reason. */
export function commandFailed({ label, command, end, stdout, stderr }: Failure): SealerError {
  const how = end.code === undefined ? `was ended by ${end.signal ?? 'a signal'}` : `failed with exit code ${end.code}`;
  const lines = (stderr.trim() === '' ? stdout : stderr).trimEnd().split('\n').slice(-LAST_LINES);
  const said = lines.map((line) => `\n    ${line}`).join('');
  const message = `On ${label}, ${shorten(command)} ${how}`;
  if (isDiskFull(stderr)) {
    return new SealerError('HOST_DISK_FULL', `${message}: no space is left there${said}`, {
      hint: 'Free some space there and run the same command again.',
    });
  }
  return new SealerError('COMMAND_FAILED', said.trim() === '' ? `${message} and said nothing` : `${message}:${said}`, {
    hint: hintOf(end),
  });
}

/** HOST_TIMEOUT. */
export function commandTimedOut(label: string, command: string, timeoutMs: number): SealerError {
  const time = timeoutMs < 1000 ? `${timeoutMs} ms` : `${Math.round(timeoutMs / 1000)} s`;
  return new SealerError('HOST_TIMEOUT', `On ${label}, ${shorten(command)} took longer than ${time} and was ended`, {
    hint: 'See what keeps the host busy, and run the same command again.',
  });
}

/** SUDO_FAILED, with what sudo said. */
export function sudoFailed(label: string, user: string, said: string): SealerError {
  const words = said.replace(/\s*\n\s*/g, '; ').trim();
  const hint = /not found|no such file/i.test(words)
    ? `Install sudo there, or log in as root (--user root).`
    : `Give the password of ${user} for sudo (SEALER_SUDO_PASSWORD), allow it sudo without one (NOPASSWD), or log in as root.`;
  return new SealerError('SUDO_FAILED', `${user} cannot become root on ${label}: ${words || 'sudo says nothing'}`, {
    hint,
  });
}

/** COMMAND_FAILED for a login that leads to no shell. */
export function loginFailed(label: string, user: string, end: ProcessEnd, said: string): SealerError {
  const words = said === '' ? `exit code ${end.code ?? end.signal}` : said;
  return new SealerError('COMMAND_FAILED', `${user} cannot run commands on ${label}: ${words}`, {
    hint: `Give ${user} a POSIX shell there, or log in as another user.`,
  });
}

function hintOf({ code, signal }: ProcessEnd): string | undefined {
  if (code === 127) return 'The program is not there: install it, or use an image that brings it.';
  if (signal === 'SIGKILL' || code === 137) return 'It was killed, perhaps because memory ran out: see dmesg there.';
  return undefined;
}

function shorten(command: string): string {
  return command.length > 200 ? `${command.slice(0, 200)}…` : command;
}
