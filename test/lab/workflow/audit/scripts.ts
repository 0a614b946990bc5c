/** Rules for the text of scripts: nothing is run that is not known to the byte. */

import { scriptsOf } from './file.ts';
import type { Rule } from './index.ts';

const LOOPBACK = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/]/;

/** What a script must not say, and why. */
const FORBIDDEN: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/(?:^|[\s;&|(])eval\s/m, 'eval'],
  [/\b(?:curl|wget)\b[^\n]*\|\s*(?:sudo\s+)?(?:ba|da|z)?sh\b/, 'a download goes into a shell'],
  [/\b(?:ba|da|z)?sh\b[^\n]*<\(\s*(?:curl|wget)\b/, 'a download goes into a shell'],
  [/\bnpm\s+(?:i|install|add)\b(?![^\n]*@\d+\.\d+\.\d+)/, 'npm install without a lock or an exact version'],
  [/\bnpx\s+(?![^\n]*(?:--no\b|--no-install\b|@\d+\.\d+\.\d+))/, 'npx may download'],
  [/\bpip3?\s+install\b(?![^\n]*--require-hashes)/, 'pip install without hashes'],
  [/\bgo\s+(?:install|run)\s+\S+@(?:latest|main|master)\b/, 'a Go program of no fixed version'],
  [/\bdocker\s+(?:pull|run)\b(?![^\n]*@sha256:)(?![^\n]*\$)/, 'a container image by its tag'],
  [/StrictHostKeyChecking[= ]no\b/, 'any host key is taken'],
  [/--(?:insecure|no-check-certificate)\b|\bcurl\s+(?:-\w*k\b)/, 'certificates are not checked'],
  [/set\s+-\w*x/, 'set -x prints what commands are given'],
];

export const scriptRules = {
  'scripts run nothing unknown': ({ steps }) =>
    steps.flatMap((placed) =>
      scriptsOf(placed).flatMap((script) =>
        FORBIDDEN.filter(([pattern]) => pattern.test(script)).map(([, problem]) => `${placed.title}: ${problem}`),
      ),
    ),
  'downloads have a checksum': ({ steps }) =>
    steps.flatMap((placed) =>
      scriptsOf(placed)
        .filter((script) => downloads(script) && !/\bsha(?:256|512)sum\b[^\n]*(?:-c|--check)\b/.test(script))
        .map(() => `${placed.title}: a download without a checksum`),
    ),
  /** Passwords on a command line are seen by every process of the machine. */
  'no password in arguments': ({ steps }) =>
    steps.flatMap((placed) =>
      scriptsOf(placed)
        .filter((script) => /(?:--password[= ]|\blogin\b[^\n]*\s-p[= ])["']?\$/.test(script))
        .map(() => `${placed.title}: a password as an argument`),
    ),
} as const satisfies Readonly<Record<string, Rule>>;

/** Whether it fetches from elsewhere than this machine. A URL from a variable is taken for elsewhere. */
function downloads(script: string): boolean {
  const commands = script.replaceAll(/\\\n/g, ' ').split('\n');
  return commands.some((line) => {
    if (!/\b(?:curl|wget)\b/.test(line) || /-X\s*(?:POST|PUT|PATCH|DELETE)/.test(line)) return false;
    const urls = line.match(/https?:\/\/[^\s"']+/g) ?? [];
    return urls.length === 0 ? /\$\{?\w*URL/i.test(line) : urls.some((url) => !LOOPBACK.test(url));
  });
}
