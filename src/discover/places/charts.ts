/** Where charts are, which files belong to each, and with which values it is rendered. */

import { constants, gunzipSync } from 'node:zlib';
import type { Problem } from '../../error.ts';
import type { Rules } from '../rules/rules.ts';
import { appOf, roleByName } from './roles.ts';

export interface ChartPlace {
  /** Rootfs path of the folder that holds Chart.yaml, or of the `.tgz`. */
  readonly chart: string;
  /** `web` of `charts/web` and of `charts/web-1.2.3.tgz`. */
  readonly name: string;
  readonly app?: string;
  /** What stands for it in places: its Chart.yaml or archive. */
  readonly file: string;
}

/** An app, as far as its charts are rendered with what the build knows of it. */
export interface AppValues {
  readonly env: Readonly<Record<string, string>>;
  /** Alternatives: the rootfs paths of values files, as `APP … --values` has them. */
  readonly valueSets: readonly (readonly string[])[];
}

/** Charts that stand by themselves, in the order of their paths; a chart inside a chart belongs to that. */
export function findCharts(paths: readonly string[]): readonly ChartPlace[] {
  const files = paths.filter((path) => roleByName(path) === 'chart');
  const folders = new Set(files.filter((file) => file.endsWith('/Chart.yaml')).map(folderOf));
  return files
    .filter((file) => !ancestorsOf(file.endsWith('.tgz') ? file : folderOf(file)).some((folder) => folders.has(folder)))
    .map((file) => {
      const chart = file.endsWith('.tgz') ? file : folderOf(file);
      const app = appOf(file);
      return { chart, file, name: nameOfChart(chart, app), ...(app === undefined ? {} : { app }) };
    });
}

/** Whether a file belongs to one of the charts. */
export function createChartTest(charts: readonly ChartPlace[]): (path: string) => boolean {
  const folders = new Set(charts.map(({ chart }) => chart));
  return (path) => folders.has(path) || ancestorsOf(path).some((folder) => folders.has(folder));
}

/**
 * Whether an archive is a chart. `helm package` puts Chart.yaml first; a look at the beginning is enough, and no bomb
 * goes off.
 */
export function isChartArchive(bytes: Buffer): boolean {
  try {
    const start = gunzipSync(bytes.subarray(0, 32 * 1024), { finishFlush: constants.Z_SYNC_FLUSH });
    for (let at = 0; at + 512 <= start.length; at += 512) {
      const name = start.toString('latin1', at, start.indexOf(0, at));
      const isHeader = start.toString('latin1', at + 257, at + 262) === 'ustar';
      if (isHeader && /^(?:\.\/)?[^/]+\/Chart\.yaml$/.test(name)) return true;
    }
  } catch {
    // What is no gzip is no chart.
  }
  return false;
}

/**
 * The values with which a chart is rendered: those of `sealer.yaml` first, then those of its app, then
 * `charts/<name>.values.yaml` beside it.
 */
export function valueSetsOf(
  { chart, name, app, file }: ChartPlace,
  files: ReadonlyMap<string, Buffer>,
  { rules, apps }: { readonly rules: Rules; readonly apps: ReadonlyMap<string, AppValues> | undefined },
): { valueSets: readonly (readonly string[])[]; problems: readonly Problem[] } {
  const rule =
    rules.charts.get(chart) ?? (app === undefined ? undefined : rules.charts.get(app)) ?? rules.charts.get(name);
  if (rule?.values !== undefined) {
    const problems: Problem[] = [];
    const valueSets = rule.values.map((set) =>
      set.flatMap((values) => {
        const found = [
          values,
          `${chart}/${values}`,
          `application/apps/${app}/${values}`,
          `application/values/${app}/${values}`,
        ];
        const path = found.map((each) => withoutSuffix(each.replace(/\/\.\//g, '/'))).find((each) => files.has(each));
        if (path !== undefined) return [path];
        const message = `The values file ${values} of the chart ${chart} is not in the image`;
        problems.push({ code: 'RULES_INVALID', message, hint: `Copy it into ${chart}/.`, at: rule.at });
        return [];
      }),
    );
    return { valueSets, problems };
  }
  const ofApp = app === undefined ? undefined : apps?.get(app)?.valueSets;
  if (ofApp !== undefined && ofApp.length > 0) {
    return { valueSets: ofApp.map((set) => set.map(withoutSuffix)), problems: [] };
  }
  const names = [name, nameInside(files.get(file))].filter((each) => each !== undefined);
  const beside = names
    .flatMap((each) => [`charts/${each}.values.yaml`, `charts/${each}.values.yml`])
    .find((path) => files.has(path));
  const isBeside = beside !== undefined && chart.startsWith('charts/');
  return { valueSets: isBeside ? [[beside]] : [], problems: [] };
}

/** Values may be named as the template that they are made from. */
function withoutSuffix(path: string): string {
  return path.replace(/\.tmpl$/, '');
}

/** A name that helm takes for a release. */
export function releaseOf({ app, name }: ChartPlace): string {
  const text = (app ?? name)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 53)
    .replace(/-+$/, '');
  return text === '' ? 'release' : text;
}

function nameOfChart(chart: string, app: string | undefined): string {
  const base = chart.slice(chart.lastIndexOf('/') + 1);
  if (!base.endsWith('.tgz')) return base === '' ? (app ?? 'chart') : base;
  return base.slice(0, -'.tgz'.length).replace(/-v?\d+\.\d.*$/, '');
}

/** `name` of a Chart.yaml; an archive is not opened for it. */
function nameInside(content: Buffer | undefined): string | undefined {
  if (content === undefined || content[0] === 0x1f) return undefined;
  return /^name:[ \t]*["']?([\w.-]+)/m.exec(content.toString('utf8'))?.[1];
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function ancestorsOf(path: string): readonly string[] {
  const folders: string[] = [];
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    folders.push(path.slice(0, slash));
  }
  return folders;
}
