/** What can be said of plugins before anything runs. */

import type { PluginSpec } from '../../clusterfile/desired.ts';
import { PLUGIN_TYPES } from '../../clusterfile/index.ts';
import type { Problem } from '../../error.ts';
import { didYouMean, listNames } from '../../suggest.ts';
import { type LineMistake, readHostnames, readLabels, readTaints } from './data-lines.ts';
import { snapshotTarget } from './etcd-snapshot.ts';
import { isBeforeCluster } from './phases.ts';
import { type Selectable, unknownWords } from './select-hosts.ts';

/** Types that work on the cluster's API or data. */
const NEED_CLUSTER = ['LABEL', 'TAINT', 'CLUSTERCHECK', 'ETCD'];

/**
 * Every mistake of every plugin, with its line.
 * @param hosts of the Clusterfile
 * @param executables names of executable files in the image's plugins/; undefined: not known, so any type may be one
 */
export function checkPlugins(
  specs: readonly PluginSpec[],
  hosts: readonly Selectable[],
  executables?: readonly string[],
): Problem[] {
  return specs.flatMap((spec) => {
    const mistakes = [
      ...typeMistakes(spec, executables),
      ...hostMistakes(spec, hosts),
      ...dataMistakes(spec),
      ...phaseMistakes(spec),
    ];
    return mistakes.map(
      ({ mistake, hint }): Problem => ({
        code: 'PLUGIN_INVALID',
        message: `plugin ${spec.name}: ${mistake}`,
        hint,
        at: spec.at,
      }),
    );
  });
}

function typeMistakes({ type }: PluginSpec, executables: readonly string[] | undefined): readonly LineMistake[] {
  if (executables === undefined) return [];
  const known = [...PLUGIN_TYPES, ...executables];
  if (known.includes(type)) return [];
  const hint =
    didYouMean(type, known) ?? `Known are ${listNames(known)}; others are executables in the image's plugins/.`;
  return [{ mistake: `there is no type "${type}"`, hint }];
}

function hostMistakes({ on, type }: PluginSpec, hosts: readonly Selectable[]): readonly LineMistake[] {
  const selectors = type === 'ETCD' ? on.filter((each) => !each.startsWith('/')) : on;
  return unknownWords(selectors, hosts).map((word) => ({
    mistake: `"${word}" is no role and no host of the Clusterfile`,
    hint: didYouMean(word, ['master', 'node', 'master0', ...hosts.flatMap(({ roles }) => roles)]),
  }));
}

function dataMistakes(spec: PluginSpec): readonly LineMistake[] {
  const { type, data } = spec;
  if (type === 'SHELL') return data.trim() === '' ? [{ mistake: 'it has no script in data' }] : [];
  if (type === 'ETCD') {
    const target = snapshotTarget(spec);
    return target !== undefined && 'mistake' in target ? [target] : [];
  }
  const read = LINES[type];
  if (read === undefined) return [];
  const lines = read(data);
  if (lines.length === 0) return [{ mistake: 'it has no lines in data' }];
  return lines.filter((line) => 'mistake' in line);
}

const LINES: Readonly<Record<string, (data: string) => readonly (LineMistake | object)[]>> = {
  HOSTNAME: readHostnames,
  LABEL: readLabels,
  TAINT: readTaints,
};

function phaseMistakes({ type, phases }: PluginSpec): readonly LineMistake[] {
  if (!NEED_CLUSTER.includes(type)) return [];
  return phases.filter(isBeforeCluster).map((phase) => ({
    mistake: `${type} needs a cluster, and in ${phase} there is none`,
    hint: 'Take post-install.',
  }));
}
