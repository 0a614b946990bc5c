/**
 * Images that a chart's own Chart.yaml lists: `artifacthub.io/images` (Artifact Hub's annotations for Helm charts) and
 * `helm.sh/images`, both a YAML list of `{name, image}`.
 */

import { load, YAMLException } from 'js-yaml';
import type { AnnotatedImage } from '../rendering.ts';
import { mappingOf } from './chart-metadata.ts';
import { type Chart, walkCharts } from './chart-tree.ts';
import { placeOfText } from './text-place.ts';

const ANNOTATIONS = ['artifacthub.io/images', 'helm.sh/images'];

/** Whether any chart but the outermost lists images, so that it matters which of them are enabled. */
export function subchartsListImages(root: Chart): boolean {
  return [...walkCharts(root)].some(({ chart }) => chart !== root && listsImages(chart));
}

/**
 * The images of the charts' annotations.
 * @param enabled helm's paths of the subcharts that are on
 */
export function annotatedImages(root: Chart, enabled: ReadonlySet<string>): AnnotatedImage[] {
  return [...walkCharts(root)]
    .filter(({ chart, path }) => chart === root || enabled.has(path))
    .flatMap(({ chart }) => imagesOf(chart));
}

function imagesOf(chart: Chart): AnnotatedImage[] {
  const file = chart.files.get('Chart.yaml');
  const entries = ANNOTATIONS.flatMap((name) => entriesOf(chart.metadata.annotations.get(name)));
  return entries.flatMap((entry) => {
    const { image, name } = typeof entry === 'string' ? { image: entry, name: undefined } : mappingOf(entry);
    if (typeof image !== 'string' || image.trim() === '') return [];
    const at = file === undefined ? chart.at : placeOfText(file, image);
    const named = typeof name === 'string' ? { name } : {};
    return [{ image: image.trim(), ...named, at, chart: chart.metadata.name }];
  });
}

function listsImages(chart: Chart): boolean {
  return ANNOTATIONS.some((name) => chart.metadata.annotations.has(name));
}

/** The list is text inside YAML, and nothing checks it when a chart is made. */
function entriesOf(text: string | undefined): readonly unknown[] {
  if (text === undefined) return [];
  try {
    const list = load(text);
    return Array.isArray(list) ? list : [];
  } catch (error) {
    if (error instanceof YAMLException) return [];
    throw error;
  }
}
