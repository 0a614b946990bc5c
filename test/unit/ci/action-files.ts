/** The action.yml files, as far as tests look into them. */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';

export const PROJECT = resolve(import.meta.dirname, '../../..');

export interface ActionStep {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly ActionStep[] };
}

/** Reads `<folder>/action.yml`, with the folder relative to the project. */
export function readAction(folder: string): Action {
  return load(readFileSync(join(PROJECT, folder, 'action.yml'), 'utf8')) as Action;
}
