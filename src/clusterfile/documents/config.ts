/** Config and Application documents. */

import { didYouMean } from '../../suggest.ts';
import type { ApplicationConfig, ApplicationSpec, ConfigSpec } from '../desired.ts';
import { below, type Checked, flagBelow, textBelow, textsBelow } from '../reading/checked.ts';
import type { EnvironmentScope } from '../reading/environment.ts';
import type { Findings } from '../reading/findings.ts';
import { readEnv } from './env.ts';

const STEPS = ['value', 'toJson', 'toBase64', 'toSecret'] as const;

/** Reads a Config that was compared with its shape. */
export function readConfig(document: Checked, scope: EnvironmentScope, findings: Findings): ConfigSpec {
  const spec = below(document, 'spec');
  const appName = textBelow(spec, 'appName');
  return {
    name: textBelow(document, 'metadata', 'name') ?? '',
    path: textBelow(spec, 'path') ?? '',
    ...(appName && { appName }),
    strategy: strategyOf(spec),
    process: readProcess(below(spec, 'process'), findings),
    data: dataOf(spec, scope),
    at: { file: document.at.file, line: document.at.line ?? 1 },
  };
}

/** Reads an Application that was compared with its shape. */
export function readApplication(document: Checked, scope: EnvironmentScope, findings: Findings): ApplicationSpec {
  const spec = below(document, 'spec');
  const cmds = textsBelow(spec, 'cmds');
  const launchApps = textsBelow(spec, 'launchApps')?.filter((name) => name !== '');
  if (cmds?.length && launchApps?.length) {
    const at = below(spec, 'launchApps')?.at ?? document.at;
    findings.warn(at, 'launchApps counts for nothing beside cmds', 'Keep one of them.');
  }
  return {
    ...(cmds?.length && { cmds }),
    ...(launchApps && { launchApps }),
    configs: (below(spec, 'configs')?.items ?? []).map((item) => readAppConfig(item, scope, findings)),
  };
}

function readAppConfig(item: Checked, scope: EnvironmentScope, findings: Findings): ApplicationConfig {
  const launchCmds = textsBelow(item, 'launch', 'cmds');
  return {
    name: textBelow(item, 'name') ?? '',
    env: readEnv(below(item, 'env'), findings),
    files: (below(item, 'files')?.items ?? []).map((file) => ({
      path: textBelow(file, 'path') ?? '',
      strategy: strategyOf(file),
      data: dataOf(file, scope),
    })),
    ...(launchCmds?.length && { launchCmds }),
  };
}

function strategyOf(checked: Checked | undefined): ConfigSpec['strategy'] {
  return textBelow(checked, 'strategy') === 'merge' ? 'merge' : 'overwrite';
}

/** Files have variables of their own, so those of the environment are put in only where the user says so. */
function dataOf(checked: Checked | undefined, scope: EnvironmentScope): string {
  const data = below(checked, 'data');
  const text = data?.text ?? '';
  if (data === undefined || !flagBelow(checked, 'expandEnv')) return text;
  const isSecret = textBelow(checked, 'process')?.includes('toSecret') ?? false;
  return scope.expand(text, () => data.at, isSecret) ?? '';
}

function readProcess(process: Checked | undefined, findings: Findings): ConfigSpec['process'] {
  if (process?.text === undefined) return [];
  const names = process.text.split('|').map((name) => name.trim());
  return names.flatMap((name) => {
    const step = STEPS.find((each) => each === name);
    if (step !== undefined || name === '') return step ?? [];
    findings.add(
      process.at,
      `The step "${name}" of process is unknown`,
      didYouMean(name, STEPS) ?? `Known are ${STEPS.join(', ')}.`,
    );
    return [];
  });
}
