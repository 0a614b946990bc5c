/** Which container images the content of a cluster image needs. */

import type { Problem } from '../error.ts';
import { formatReference } from '../oci/reference.ts';
import { inParallel } from '../parallel.ts';
import type { Renderer } from '../render/index.ts';
import { findInFile, type TreatedFile } from './files.ts';
import type { Finding, Findings } from './finding.ts';
import { findInImageList } from './lists/image-list.ts';
import { type AppValues, createChartTest, findCharts, isChartArchive } from './places/charts.ts';
import { findKustomizations } from './places/kustomizations.ts';
import { appOf, roleByName } from './places/roles.ts';
import { renderTemplates } from './places/templates.ts';
import {
  findInChart,
  findInKustomization,
  placeFindings,
  placeInTemplates,
  type RenderContext,
} from './render-parts.ts';
import { type Ignoring, parseIgnoring, withoutIgnored } from './rules/ignoring.ts';
import { NO_RULES, type Rules } from './rules/rules.ts';

/** A list of images from outside the rootfs. */
export interface ImageList {
  /** How to name it in places. */
  readonly file: string;
  readonly text: string;
}

export interface DiscoverOptions {
  /** `--image-list` */
  readonly imageLists?: readonly ImageList[] | undefined;
  /** What was found elsewhere: in archives, in a lock. What shall stay out is left out of it as well. */
  readonly also?: readonly Finding[] | undefined;
  /** `--ignored-image-list` */
  readonly ignored?: readonly ImageList[] | undefined;
  /** `.sealignore` */
  readonly ignoreFile?: ImageList | undefined;
  /** All paths of the rootfs, for what is known by its name alone. Default: those of `files`. */
  readonly paths?: Iterable<string> | undefined;
  /** `sealer.yaml` */
  readonly rules?: Rules | undefined;
  /** The image's ENV: templates and compose files see it. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** By name of the app: its env, and the values of its charts. */
  readonly apps?: ReadonlyMap<string, AppValues> | undefined;
  /** Of the base image: charts ask for it. */
  readonly kubeVersion?: string | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  /** Without one, charts, kustomizations and templates are warnings. */
  readonly renderer?: Renderer | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Each is a process of its own. */
const RENDERINGS_AT_ONCE = 4;

/**
 * Finds every image that the files and lists name. What cannot be read or rendered is a problem, so nothing is missed in
 * silence. An image may be found as certain at one place and as possible at another: it is certain then (`certaintyOf`).
 * @param files content by rootfs path: those that `isDiscoverable`
 * @returns findings in the order of path and place
 * @throws the reason of the signal
 */
export async function discover(
  files: ReadonlyMap<string, Buffer>,
  options: DiscoverOptions = {},
): Promise<{ findings: Finding[]; problems: Problem[] }> {
  const { rules = NO_RULES, renderer, signal, apps, env = {} } = options;
  const templates = renderTemplates(files, { renderer, env, apps });
  const paths = [...new Set([...templates.files.keys(), ...(options.paths ?? [])])].sort();
  const charts = findCharts(paths).filter(({ chart, file }) => isChart(chart, templates.files.get(file)));
  const isInChart = createChartTest(charts);
  const kustomizations = findKustomizations(templates.files, isInChart);
  const ownCharts = charts.filter(({ chart }) => !kustomizations.charts.has(chart));
  const isConsumed = (path: string): boolean => renderer !== undefined && kustomizations.consumed.has(path);

  const also = [...(options.also ?? [])];
  const parts: Findings[] = [{ findings: also, problems: [...templates.problems, ...kustomizations.problems] }];
  for (const path of paths) {
    signal?.throwIfAborted();
    const content = templates.files.get(path);
    const role = roleByName(path);
    if (content === undefined || isConsumed(path) || (isInChart(path) && role !== 'image-list')) continue;
    const file: TreatedFile = { path, content, role, rules, env: { ...env, ...apps?.get(appOf(path) ?? '')?.env } };
    const found = findInFile(file);
    const template = templates.rendered.get(path);
    parts.push(template === undefined ? found : placeFindings(found, template));
  }
  for (const { text, file } of options.imageLists ?? []) parts.push(findInImageList(text, file));
  if (renderer === undefined) {
    const unread = [...ownCharts.map(({ chart, file }) => notRendered('chart', chart, file))];
    for (const { folder, file, changesImages } of kustomizations.roots) {
      if (changesImages) unread.push(notRendered('kustomization', folder, file));
    }
    parts.push({ findings: [], problems: unread });
  } else {
    const { kubeVersion, apiVersions } = options;
    const { files, failed } = templates;
    const context: RenderContext = { renderer, files, failed, rules, apps, kubeVersion, apiVersions, signal };
    const work = [
      ...ownCharts.map((chart) => () => findInChart(chart, context)),
      ...kustomizations.roots.map((place) => () => findInKustomization(place, context)),
    ];
    const found = await inParallel(work, RENDERINGS_AT_ONCE, (each) => each());
    parts.push(...found.map((part) => placeInTemplates(part, templates.rendered)));
  }
  return finish(parts, parseIgnoring(rules, options.ignoreFile, options.ignored ?? []));
}

function finish(parts: readonly Findings[], ignoring: Ignoring): { findings: Finding[]; problems: Problem[] } {
  const { findings, problems } = withoutIgnored(distinct(parts.flatMap((part) => part.findings)), ignoring);
  const all = [...parts.flatMap((part) => part.problems), ...problems];
  const byText = new Map(all.map((problem) => [JSON.stringify(problem), problem]));
  return { findings: findings.sort(comparePlaces), problems: [...byText.values()].sort(comparePlaces) };
}

/** The same thing seen twice: by two value sets of a chart, or by two finders, of which the certain one is right. */
function distinct(findings: readonly Finding[]): Finding[] {
  const byPlace = new Map<string, Finding>();
  for (const finding of findings) {
    const { file, line, column } = finding.at;
    const key = JSON.stringify([formatReference(finding.reference), file, line, column, finding.object, finding.chart]);
    const known = byPlace.get(key);
    const isBetter = known?.certainty === 'possible' && finding.certainty === 'certain';
    if (known === undefined || isBetter) byPlace.set(key, finding);
  }
  return [...byPlace.values()];
}

function comparePlaces({ at: a }: Pick<Problem, 'at'>, { at: b }: Pick<Problem, 'at'>): number {
  const [one, other] = [a?.file ?? '', b?.file ?? ''];
  if (one !== other) return one < other ? -1 : 1;
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

/** Below charts/ every archive is meant to be a chart; elsewhere it may be anything. */
function isChart(chart: string, content: Buffer | undefined): boolean {
  return !chart.endsWith('.tgz') || chart.startsWith('charts/') || content === undefined || isChartArchive(content);
}

function notRendered(what: 'chart' | 'kustomization', path: string, file: string): Problem {
  return {
    code: 'IMAGES_NOT_DISCOVERED',
    message: `Images of the ${what} ${path} are discovered when the image is built`,
    at: { file },
    severity: 'warning',
  };
}
