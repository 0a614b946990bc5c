/** What of a Chart.yaml (Helm chart API v1, v2 and v3) rendering has to know. */

import { load, YAMLException } from 'js-yaml';
import { SealerError } from '../../error.ts';

export interface ChartMetadata {
  readonly name: string;
  readonly dependencies: readonly ChartDependency[];
  readonly annotations: ReadonlyMap<string, string>;
}

export interface ChartDependency {
  readonly name: string;
  /** By this name its values and templates go, if it has one. */
  readonly alias: string | undefined;
  readonly repository: string;
}

/**
 * Reads Chart.yaml; charts of API v1 have their dependencies in requirements.yaml.
 * @param file how to name Chart.yaml in places
 * @throws SealerError CHART_INVALID
 */
export function parseChartMetadata(text: string, requirements: string | undefined, file: string): ChartMetadata {
  const chart = mappingOf(parse(text, file));
  const required = requirements === undefined ? {} : mappingOf(parse(requirements, file));
  const name = chart.name;
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name)) {
    throw new SealerError('CHART_INVALID', 'Chart.yaml has no name that helm takes', {
      at: { file },
      hint: 'Give the chart a name of letters, digits, dots and dashes.',
    });
  }
  return {
    name,
    dependencies: [...dependenciesOf(chart.dependencies), ...dependenciesOf(required.dependencies)],
    annotations: new Map(
      Object.entries(mappingOf(chart.annotations)).flatMap(([key, value]) =>
        typeof value === 'string' ? [[key, value] as const] : [],
      ),
    ),
  };
}

/** A parsed value as a mapping; empty for all else. */
export function mappingOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function dependenciesOf(value: unknown): ChartDependency[] {
  if (!Array.isArray(value)) return [];
  return value.map(mappingOf).flatMap(({ name, alias, repository }) => {
    if (typeof name !== 'string') return [];
    const named = typeof alias === 'string' && alias !== '' ? alias : undefined;
    return [{ name, alias: named, repository: typeof repository === 'string' ? repository : '' }];
  });
}

function parse(text: string, file: string): unknown {
  try {
    return load(text);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new SealerError('CHART_INVALID', `This is not YAML: ${error.reason}`, {
      at: error.mark === undefined ? { file } : { file, line: error.mark.line + 1, column: error.mark.column + 1 },
    });
  }
}
