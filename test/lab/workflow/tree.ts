/** This repository as somebody else would clone it, and what a job's machine has beside it. */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gitIn } from '../git.ts';
import { writeFiles } from '../scratch.ts';
import { PROJECT } from './ours.ts';

/** Changes a file of the copy; undefined: the file is left out. */
export type Alter = (name: string, text: string) => string | undefined;

/**
 * Copies what git would have of this work tree: what is tracked and what would be, nothing that is ignored.
 * @param alter is asked about texts only
 */
export function copyTree(to: string, alter: Alter = (_, text) => text): void {
  const names = execFileSync('git', ['ls-files', '-coz', '--exclude-standard'], { cwd: PROJECT, encoding: 'utf8' });
  for (const name of names.split('\0').filter(Boolean)) {
    const from = join(PROJECT, name);
    if (!existsSync(from)) continue;
    const target = join(to, name);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(from, target, { preserveTimestamps: true });
    const content = readFileSync(from);
    if (content.includes(0)) continue;
    const text = content.toString('utf8');
    const altered = alter(name, text);
    if (altered !== undefined && altered !== text) writeFileSync(target, altered);
  }
}

/** Makes a repository of a folder with one commit, and a bare one that it came from. */
export function makeRepository(folder: string, bare: string): void {
  gitIn(folder, 'init', '-q');
  gitIn(folder, 'add', '-A');
  gitIn(folder, 'commit', '-q', '-m', 'one');
  gitIn(folder, 'clone', '-q', '--bare', '.', bare);
}

/**
 * Puts programs before all others on a PATH.
 * @param scripts by name, in bash
 * @returns the PATH
 */
export function pathWith(folder: string, scripts: Readonly<Record<string, string>>): string {
  const texts = Object.entries(scripts).map(([name, script]) => [
    name,
    `#!/usr/bin/env bash\nset -euo pipefail\n${script}`,
  ]);
  writeFiles(folder, Object.fromEntries(texts), Object.keys(scripts));
  return `${folder}:${dirname(process.execPath)}:${process.env.PATH}`;
}

/**
 * npm, without its registry: `ci` links what is installed here (as files, so that paths in bundles are those of an install), `publish` and
 * `view` are told to a file. The rest is the real one.
 * @param told gets a line for each call
 */
export function npmStandIn(told: string): string {
  return `
case "$1" in
  ci) cp -al '${join(PROJECT, 'node_modules')}' . 2>/dev/null || cp -a '${join(PROJECT, 'node_modules')}' . ;;
  publish) echo "npm $*" >> '${told}'; test -f "$2" ;;
  view) echo "npm $*" >> '${told}'; grep -qF "npm publish" '${told}' && echo "\${2##*@}" || exit 1 ;;
  *) exec "$(type -ap npm | sed -n 2p)" "$@" ;;
esac
`;
}
