/** All YAML of this repository that GitHub runs, or that a reader copies. */

import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const PROJECT = resolve(import.meta.dirname, '../../..');

export interface OurFile {
  /** `action.yml`, `.github/workflows/ci.yml`, or `README.md: cluster image` for a workflow that is printed there. */
  readonly name: string;
  readonly text: string;
  readonly kind: 'action' | 'workflow' | 'printed workflow';
}

/** Every action, every workflow, and every workflow that the README prints. */
export function ourFiles(): readonly OurFile[] {
  return [...ourActions(), ...ourWorkflows(), ...printedWorkflows(readFileSync(join(PROJECT, 'README.md'), 'utf8'))];
}

export function ourActions(): readonly OurFile[] {
  return read('action', ['action.yml', 'actions/**/action.{yml,yaml}']);
}

export function ourWorkflows(): readonly OurFile[] {
  return read('workflow', ['.github/workflows/*.{yml,yaml}']);
}

/** The fenced YAML of a page that is a workflow, exactly as it is printed. */
export function printedWorkflows(page: string): readonly OurFile[] {
  return [...page.matchAll(/^```ya?ml\n([\s\S]*?)^```$/gm)]
    .map(([, text = '']) => text)
    .filter((text) => /^jobs:/m.test(text))
    .map((text) => ({
      name: `README.md: ${/^name: (.*)$/m.exec(text)?.[1]}`,
      text,
      kind: 'printed workflow' as const,
    }));
}

function read(kind: OurFile['kind'], patterns: string[]): readonly OurFile[] {
  return globSync(patterns, { cwd: PROJECT })
    .sort()
    .map((name) => ({ name, text: readFileSync(join(PROJECT, name), 'utf8'), kind }));
}
