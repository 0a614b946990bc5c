/** Images of charts and kustomizations: rendered, searched as manifests, and placed where a person has to look. */

import { type Place, type Problem, SealerError } from '../error.ts';
import type { Rendered, Renderer } from '../render/index.ts';
import type { Finding, Findings } from './finding.ts';
import { findInManifests } from './manifest/find-in-manifests.ts';
import { lookAt } from './manifest/looks.ts';
import { type AppValues, type ChartPlace, releaseOf, valueSetsOf } from './places/charts.ts';
import type { KustomizationPlace } from './places/kustomizations.ts';
import { appOf } from './places/roles.ts';
import type { Rules } from './rules/rules.ts';

export interface RenderContext {
  readonly renderer: Renderer;
  readonly files: ReadonlyMap<string, Buffer>;
  /** Paths of files that are not there because their templates have problems, which are told already. */
  readonly failed: ReadonlySet<string>;
  readonly rules: Rules;
  readonly apps: ReadonlyMap<string, AppValues> | undefined;
  readonly kubeVersion: string | undefined;
  readonly apiVersions: readonly string[] | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Renders a chart with each of its value sets; what any of them names is found. */
export async function findInChart(place: ChartPlace, context: RenderContext): Promise<Findings> {
  const { renderer, files, rules, signal } = context;
  const { valueSets, problems } = valueSetsOf(place, files, context);
  if (valueSets.flat().some((path) => context.failed.has(path))) return { findings: [], problems: [...problems] };
  const rule = rules.charts.get(place.chart) ?? rules.charts.get(place.app ?? '') ?? rules.charts.get(place.name);
  const request = {
    files,
    chart: place.chart,
    release: releaseOf(place),
    valueSets,
    kubeVersion: rule?.kubeVersion ?? context.kubeVersion,
    apiVersions: rule?.apiVersions ?? context.apiVersions,
    signal,
  };
  const found = await guarded(place.file, async () => {
    const renderings = await renderer.chart(request);
    return merge(renderings.map((rendered) => searchChart(rendered, place, rules)));
  });
  return { findings: found.findings, problems: [...problems, ...found.problems] };
}

/** Builds a kustomization, and finds what it names. */
export async function findInKustomization(place: KustomizationPlace, context: RenderContext): Promise<Findings> {
  const { renderer, files, rules, signal } = context;
  return await guarded(place.file, async () => {
    const rendered = await renderer.kustomization({ files, folder: place.folder, signal });
    const app = appOf(place.file);
    return search(rendered, place.file, rules, app === undefined ? {} : { app });
  });
}

/** Findings of a rendered text, moved to where they come from. */
export function placeFindings({ findings, problems }: Findings, rendered: Rendered): Findings {
  const move = (at: Place, text: string): Place => (at.line === undefined ? at : rendered.place(at.line, text));
  return {
    findings: findings.map((finding) => ({ ...finding, at: move(finding.at, finding.text) })),
    problems: problems.map((problem) =>
      problem.at === undefined ? problem : { ...problem, at: move(problem.at, textAt(rendered, problem.at)) },
    ),
  };
}

/** Values and manifests may be templates themselves: what is placed in one of them is in its `.tmpl`. */
export function placeInTemplates({ findings, problems }: Findings, templates: ReadonlyMap<string, Rendered>): Findings {
  const move = (at: Place, text: string): Place => {
    const template = templates.get(at.file);
    if (template === undefined) return at;
    return at.line === undefined ? { file: `${at.file}.tmpl` } : template.place(at.line, text);
  };
  return {
    findings: findings.map((finding) => ({ ...finding, at: move(finding.at, finding.text) })),
    problems: problems.map((problem) =>
      problem.at === undefined ? problem : { ...problem, at: move(problem.at, '') },
    ),
  };
}

function searchChart(rendered: Rendered, place: ChartPlace, rules: Rules): Findings {
  const chart = rendered.chartName ?? place.name;
  const app = place.app === undefined ? {} : { app: place.app };
  const { findings, problems } = search(rendered, place.file, rules, { chart, ...app });
  for (const { image, at, chart: owner } of rendered.annotations ?? []) {
    // The publisher's own list: it may have more than these values use, or be of another version.
    const look = lookAt(image);
    if (look === undefined) continue;
    const found = { reference: look.reference, text: image, at, chart: owner, ...app } as const;
    findings.push({ ...found, finder: 'chart-annotation', certainty: 'possible' });
  }
  return { findings, problems };
}

function search(rendered: Rendered, file: string, rules: Rules, facts: Pick<Finding, 'app' | 'chart'>): Findings {
  const { findings, problems } = placeFindings(findInManifests(rendered.text, file, rules), rendered);
  return { findings: findings.map((finding) => ({ ...finding, ...facts })), problems };
}

/** What cannot be rendered is a problem with its place; what is nobody's mistake is thrown. */
async function guarded(file: string, work: () => Promise<Findings>): Promise<Findings> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SealerError) || error.code === 'INTERRUPTED') throw error;
    const { code, message, hint, at, problems } = error;
    const all: readonly Problem[] = problems.length > 0 ? problems : [{ code, message, hint, at: at ?? { file } }];
    return { findings: [], problems: [...all] };
  }
}

function merge(parts: readonly Findings[]): Findings {
  return { findings: parts.flatMap((part) => part.findings), problems: parts.flatMap((part) => part.problems) };
}

/** The value in a line of the rendered text: what place() looks for. */
function textAt({ text }: Rendered, { line = 1 }: Place): string {
  let start = 0;
  for (let i = 1; i < line && start >= 0; i++) start = text.indexOf('\n', start) + 1 || -1;
  if (start < 0) return '';
  const end = text.indexOf('\n', start);
  const whole = text.slice(start, end < 0 ? undefined : end);
  return whole
    .replace(/^[\s-]*[\w.-]+:\s*/, '')
    .replace(/^["']|["']\s*$/g, '')
    .trim();
}
