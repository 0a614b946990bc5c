/** A Plugin document. */

import { didYouMean, listNames } from '../../suggest.ts';
import type { Phase, PluginSpec } from '../desired.ts';
import { below, type Checked, textBelow } from '../reading/checked.ts';
import type { Findings } from '../reading/findings.ts';
import { readEnv } from './env.ts';
import { OLDER_PHASES, PHASES, phaseOf } from './phases.ts';
import { selectorMistake, splitSelectors } from './selectors.ts';

/** Types that sealer has itself. */
export const PLUGIN_TYPES: readonly string[] = ['SHELL', 'HOSTNAME', 'LABEL', 'TAINT', 'CLUSTERCHECK', 'ETCD'];

const TEN_MINUTES = 600_000;

/**
 * Reads a checked document.
 * @param roles that the hosts have, for `on`; undefined: not known here
 */
export function readPlugin(document: Checked, roles: readonly string[] | undefined, findings: Findings): PluginSpec {
  const spec = below(document, 'spec');
  const type = readType(below(spec, 'type'), findings);
  const { phases, isOlder } = readPhases(below(spec, 'action'), findings);
  const data = textBelow(spec, 'data') ?? '';
  if (spec !== undefined && data.trim() === '' && ['SHELL', 'HOSTNAME', 'LABEL', 'TAINT'].includes(type)) {
    findings.add(spec.at, `A ${type} plugin has no data`, undefined, 'PLUGIN_INVALID');
  }
  const on = readOn(spec, type, roles, findings);
  return {
    name: textBelow(document, 'metadata', 'name') ?? (type || 'plugin'),
    type,
    phases,
    // v0.8 ran scripts on all hosts where it was not told otherwise.
    on: on.length === 0 && isOlder && type === 'SHELL' ? ['master', 'node'] : on,
    data,
    env: readEnv(below(spec, 'env'), findings),
    timeoutMs: millisecondsOf(textBelow(spec, 'timeout')),
    at: { file: document.at.file, line: document.at.line ?? 1 },
  };
}

function readType(type: Checked | undefined, findings: Findings): string {
  const text = type?.text ?? '';
  const known = PLUGIN_TYPES.find((each) => each === text.toUpperCase());
  if (known !== undefined || text === '') return known ?? text;
  const meant = didYouMean(text, PLUGIN_TYPES);
  if (meant !== undefined && type !== undefined) {
    findings.add(type.at, `The plugin type ${text} is unknown`, meant, 'PLUGIN_INVALID');
  }
  return text;
}

function readPhases(
  action: Checked | undefined,
  findings: Findings,
): { readonly phases: readonly Phase[]; readonly isOlder: boolean } {
  const phases = new Set<Phase>();
  let isOlder = false;
  for (const { at, text = '' } of action?.items ?? []) {
    for (const name of text.split('|').map((part) => part.trim())) {
      const found = phaseOf(name);
      if (found === undefined) {
        const names = [...PHASES, ...Object.keys(OLDER_PHASES)];
        const hint = didYouMean(name, names) ?? `Known are ${listNames(PHASES, PHASES.length)}.`;
        findings.add(at, `The phase "${name}" is unknown`, hint, 'PLUGIN_INVALID');
        continue;
      }
      phases.add(found.phase);
      isOlder ||= found.isOlder;
    }
  }
  return { phases: [...phases], isOlder };
}

function readOn(
  spec: Checked | undefined,
  type: string,
  roles: readonly string[] | undefined,
  findings: Findings,
): readonly string[] {
  return ['scope', 'on'].flatMap((key) =>
    (below(spec, key)?.items ?? []).flatMap(({ at, text = '' }) => {
      // v0.8: the file that etcd's snapshot goes to.
      if (type === 'ETCD' && text.startsWith('/')) return [text];
      const selectors = splitSelectors(text);
      for (const selector of selectors) {
        const mistake = selectorMistake(selector, roles);
        if (mistake !== undefined) findings.add(at, mistake.message, mistake.hint, 'PLUGIN_INVALID');
      }
      return selectors;
    }),
  );
}

function millisecondsOf(text: string | undefined): number {
  const [, count, unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text ?? '') ?? [];
  return count === undefined ? TEN_MINUTES : Number(count) * (UNITS[unit] ?? 1);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
