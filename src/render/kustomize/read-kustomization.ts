/** Which files and folders a kustomization leads to, as far as that has to be known before kustomize runs. */

import { posix } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import { type Place, SealerError } from '../../error.ts';
import { mappingOf } from '../chart/chart-metadata.ts';
import { placeOfText } from '../chart/text-place.ts';

/** The names that kustomize looks for, in its order. */
const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

export interface Kustomization {
  /** Rootfs path of its folder; empty for the root. */
  readonly folder: string;
  readonly file: string;
  readonly content: Buffer;
  readonly isComponent: boolean;
  readonly hasCharts: boolean;
}

/** Fields whose entries are files, folders or addresses of other kustomizations and manifests. */
const LEADING = [
  'resources',
  'bases',
  'components',
  'crds',
  'generators',
  'transformers',
  'validators',
  'configurations',
];

/**
 * A kustomization and all that it is built of, the outermost first.
 * @param folder rootfs path
 * @throws SealerError KUSTOMIZATION_INVALID for what is no YAML, and for what would have to be fetched
 */
export function readKustomizations(files: ReadonlyMap<string, Buffer>, folder: string): readonly Kustomization[] {
  const seen = new Map<string, Kustomization>();
  const open = [folder];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const file = fileIn(files, next);
    const content = file === undefined ? undefined : files.get(file);
    if (file === undefined || content === undefined || seen.has(next)) continue;
    const fields = parse(content, file);
    seen.set(next, {
      folder: next,
      file,
      content,
      isComponent: fields.kind === 'Component',
      hasCharts: Array.isArray(fields.helmCharts) || Array.isArray(fields.helmChartInflationGenerator),
    });
    for (const { repo, copy } of chartsOf(fields)) {
      if (files.has(join(next, `${copy}/Chart.yaml`))) continue;
      throw remote(repo, placeOfText({ content, place: file }, repo));
    }
    for (const entry of LEADING.flatMap((field) => textsOf(fields[field]))) {
      if (isRemote(entry) && !files.has(join(next, entry)) && fileIn(files, join(next, entry)) === undefined) {
        throw remote(entry, placeOfText({ content, place: file }, entry));
      }
      open.push(join(next, entry));
    }
  }
  if (seen.size > 0) return [...seen.values()];
  throw new SealerError('KUSTOMIZATION_INVALID', `There is no kustomization in ${folder}`, { at: { file: folder } });
}

function fileIn(files: ReadonlyMap<string, Buffer>, folder: string): string | undefined {
  return KUSTOMIZATION_NAMES.map((name) => join(folder, name)).find((file) => files.has(file));
}

function join(folder: string, path: string): string {
  return posix.join(folder, path).replace(/\/$/, '');
}

/**
 * Charts that have a repository: where it is, and the folder in which kustomize looks before it fetches (kustomize 5,
 * HelmChartInflationGenerator.go).
 */
function chartsOf({ helmCharts, helmGlobals }: Readonly<Record<string, unknown>>): readonly {
  readonly repo: string;
  readonly copy: string;
}[] {
  const { chartHome } = mappingOf(helmGlobals);
  const home = typeof chartHome === 'string' && chartHome !== '' ? chartHome : 'charts';
  return (Array.isArray(helmCharts) ? helmCharts : []).flatMap((chart) => {
    const { name, repo, version } = mappingOf(chart);
    if (typeof name !== 'string' || typeof repo !== 'string' || repo === '') return [];
    return [{ repo, copy: posix.join(home, version === undefined ? '' : `${name}-${version}`, name) }];
  });
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** What kustomize takes for an address (kustomize 5, api/internal/git/repospec.go). Inline text has line ends. */
function isRemote(entry: string): boolean {
  if (entry.includes('\n')) return false;
  return /^[a-z+]+:\/\/|^git::|^[\w.-]+@[\w.-]+:|^(?:github|gitlab)\.com[/:]|[?&](?:ref|version)=|\.git(?:\/|$)/i.test(
    entry,
  );
}

function remote(entry: string, at: Place): SealerError {
  const isSecret = /\/\/[^/@]*@/.test(entry);
  return new SealerError(
    'KUSTOMIZATION_INVALID',
    `The kustomization takes ${isSecret ? entry.replace(/\/\/[^/@]*@/, '//') : entry} from the network`,
    {
      at,
      hint: 'Keep a copy of it beside the kustomization and name that: nothing is fetched while images are looked for.',
    },
  );
}

function parse(content: Buffer, file: string): Readonly<Record<string, unknown>> {
  try {
    return mappingOf(load(content.toString()));
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new SealerError('KUSTOMIZATION_INVALID', `This is not YAML: ${error.reason}`, {
      at: error.mark === undefined ? { file } : { file, line: error.mark.line + 1, column: error.mark.column + 1 },
    });
  }
}
