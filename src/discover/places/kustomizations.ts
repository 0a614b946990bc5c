/** Trees of kustomizations: which ones stand at the top, and which files they take in. */

import { dirname, join } from 'node:path/posix';
import type { Problem } from '../../error.ts';
import { isMapping, itemsOf, parseStream, textOf, type YamlDocument, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';
import { decodeText } from '../decode.ts';
import { roleByName } from './roles.ts';

export interface KustomizationPlace {
  /** Rootfs path of its folder. */
  readonly folder: string;
  /** Rootfs path of its kustomization file. */
  readonly file: string;
  /** Whether it makes other images out of the files that it takes in, or takes in more than files. */
  readonly changesImages: boolean;
}

export interface Kustomizations {
  /** Those that no other one refers to. */
  readonly roots: readonly KustomizationPlace[];
  /** Files that are read by a kustomization, and not as they are. */
  readonly consumed: ReadonlySet<string>;
  /** Folders of charts that kustomizations render, with values of their own. */
  readonly charts: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** Lists of paths (kustomize.config.k8s.io/v1beta1, v1alpha1). */
const PATH_LISTS = [
  'resources',
  'bases',
  'components',
  'crds',
  'configurations',
  'generators',
  'transformers',
  'validators',
  'patchesStrategicMerge',
];
/** Lists of mappings with a `path`. */
const LISTS_WITH_PATHS = ['patches', 'patchesJson6902', 'replacements'];
const CHANGES_IMAGES =
  /^["']?(?:images|helmCharts|helmChartInflationGenerator|components|generators|transformers|patches\w*|replacements)["']?[ \t]*:/m;
/** Lists of charts, and the field with the name of each; the second is the older. */
const CHART_LISTS = [
  ['helmCharts', 'name'],
  ['helmChartInflationGenerator', 'chartName'],
] as const;
const GENERATORS = ['configMapGenerator', 'secretGenerator'];

/**
 * Finds the trees.
 * @param isElsewhere whether a file belongs to something else: a chart
 */
export function findKustomizations(
  files: ReadonlyMap<string, Buffer>,
  isElsewhere: (path: string) => boolean,
): Kustomizations {
  const all = new Map<
    string,
    {
      readonly place: KustomizationPlace;
      readonly names: ReadonlySet<string>;
      readonly charts: readonly string[];
      isRoot: boolean;
    }
  >();
  const problems: Problem[] = [];
  for (const [file, content] of files) {
    if (roleByName(file) !== 'kustomization' || isElsewhere(file)) continue;
    const folder = dirname(file);
    const read = readKustomization(content, file);
    if ('problem' in read) problems.push(read.problem);
    // A component stands for nothing without the kustomization that takes it in.
    else
      all.set(folder, {
        place: { folder, file, changesImages: read.changesImages },
        names: read.names,
        charts: read.charts.map((chart) => join(folder, chart).replace(/\/$/, '')),
        isRoot: !read.isComponent,
      });
  }
  const consumed = new Set<string>();
  for (const [folder, { names }] of all) {
    for (const name of names) {
      const path = join(folder, name).replace(/\/$/, '');
      const other = path === folder ? undefined : all.get(path);
      if (other !== undefined) other.isRoot = false;
      else if (files.has(path)) consumed.add(path);
    }
  }
  const charts = new Set([...all.values()].flatMap((each) => each.charts));
  const roots = [...all.values()].filter(({ isRoot }) => isRoot).map(({ place }) => place);
  return { roots, consumed, charts, problems };
}

type Read =
  | {
      readonly names: ReadonlySet<string>;
      /** Folders, relative. */
      readonly charts: readonly string[];
      readonly isComponent: boolean;
      readonly changesImages: boolean;
    }
  | { readonly problem: Problem };

function readKustomization(content: Buffer, file: string): Read {
  const names = new Set<string>();
  const charts: string[] = [];
  let isComponent = false;
  const text = decodeText(content);
  if (text === undefined) {
    return { problem: { code: 'MANIFEST_UNREADABLE', message: 'This file is not UTF-8 text', at: { file } } };
  }
  for (const yaml of parseStream(text, file)) {
    if ('problem' in yaml) return yaml;
    isComponent ||= textOf(yaml, valueAt(yaml, yaml.root, 'kind')) === 'Component';
    for (const name of namesIn(yaml)) names.add(name);
    charts.push(...chartsIn(yaml));
  }
  const isRemote = [...names].some((name) => /:\/\/|^git@|^github\.com\/|\?ref=/.test(name));
  return { names, charts, isComponent, changesImages: isRemote || CHANGES_IMAGES.test(text) };
}

function* namesIn(yaml: YamlDocument): Generator<string> {
  const top = entriesOf(yaml, yaml.root);
  for (const list of PATH_LISTS) yield* textsOf(yaml, top.get(list));
  for (const list of LISTS_WITH_PATHS) {
    for (const item of itemsOf(yaml, top.get(list))) yield* textsOf(yaml, valueAt(yaml, item, 'path'));
  }
  for (const list of GENERATORS) {
    for (const item of itemsOf(yaml, top.get(list))) {
      // `key=file` gives the file another name.
      for (const name of textsOf(yaml, valueAt(yaml, item, 'files'))) yield name.replace(/^[^=/]*=/, '');
      yield* textsOf(yaml, valueAt(yaml, item, 'envs'));
      yield* textsOf(yaml, valueAt(yaml, item, 'env'));
    }
  }
  for (const item of itemsOf(yaml, top.get('helmCharts'))) {
    yield* textsOf(yaml, valueAt(yaml, item, 'valuesFile'));
    yield* textsOf(yaml, valueAt(yaml, item, 'additionalValuesFiles'));
  }
  yield* textsOf(yaml, valueAt(yaml, top.get('openapi'), 'path'));
}

/**
 * The folders in which kustomize looks for the charts of a kustomization: `charts/`, or what says otherwise, and in it
 * also `<name>-<version>/<name>` (kustomize 5, HelmChartInflationGenerator.go).
 */
function* chartsIn(yaml: YamlDocument): Generator<string> {
  const top = entriesOf(yaml, yaml.root);
  const given = textOf(yaml, valueAt(yaml, top.get('helmGlobals'), 'chartHome')) ?? '';
  for (const [list, field] of CHART_LISTS) {
    for (const item of itemsOf(yaml, top.get(list))) {
      const name = textOf(yaml, valueAt(yaml, item, field)) ?? '';
      const version = textOf(yaml, valueAt(yaml, item, 'version')) ?? '';
      const home = textOf(yaml, valueAt(yaml, item, 'chartHome')) ?? given;
      if (name === '') continue;
      const folder = home === '' ? 'charts' : home;
      yield join(folder, name);
      if (version !== '') yield join(folder, `${name}-${version}`, name);
    }
  }
}

/** The texts of a list, or of a single one; patches that stand inline are mappings or have line breaks. */
function* textsOf(yaml: YamlDocument, node: YamlNode | undefined): Generator<string> {
  if (node === undefined || isMapping(yaml, node)) return;
  const single = textOf(yaml, node);
  const texts = single === undefined ? itemsOf(yaml, node).map((item) => textOf(yaml, item)) : [single];
  for (const text of texts) if (text !== undefined && text !== '' && !text.includes('\n')) yield text;
}
