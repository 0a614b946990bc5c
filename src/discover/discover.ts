/** Which container images the content of a cluster image needs. */

import type { Problem } from '../error.ts';
import type { Finder, Finding, Findings } from './finding.ts';
import { isIgnoredBy } from './ignored.ts';
import { findInImageList } from './image-list.ts';
import { checkKustomization } from './kustomization.ts';
import { findInManifests } from './manifest.ts';
import { appOf, type Treatment, treatmentOf } from './places.ts';

/** A list of images from outside the rootfs. */
export interface ImageList {
  /** How to name it in places. */
  readonly file: string;
  readonly text: string;
}

export interface DiscoverOptions {
  /** `--image-list` */
  readonly imageLists?: readonly ImageList[] | undefined;
  /** `--ignored-image-list` */
  readonly ignored?: readonly ImageList[] | undefined;
  /** All paths of the rootfs, for what is known by its name alone (chart archives). Default: those of `files`. */
  readonly paths?: Iterable<string> | undefined;
}

const FINDERS: Partial<Record<Treatment, Finder>> = {
  manifests: findInManifests,
  'maybe-manifests': findInMaybeManifests,
  'image-list': findInImageList,
  template: reportTemplate,
  kustomization: (text, file) => ({ findings: [], problems: [...checkKustomization(text, file)] }),
};

/**
 * Finds every image that the files and lists name. What cannot be read is a problem, and what is not read yet (charts,
 * templates) a warning, so nothing is missed in silence.
 * @param files content by rootfs path: those that `isDiscoverable`
 * @returns findings in the order of path and place
 */
export function discover(
  files: ReadonlyMap<string, Buffer>,
  options: DiscoverOptions = {},
): { findings: Finding[]; problems: Problem[] } {
  const paths = [...new Set([...files.keys(), ...(options.paths ?? [])])].sort();
  const charts = paths
    .filter((path) => path.endsWith('/Chart.yaml'))
    .map((path) => path.slice(0, -'/Chart.yaml'.length));
  const parts: Findings[] = [];
  for (const path of paths) {
    const treatment = treatmentOf(path, charts);
    const isMaybe = treatment === 'maybe-manifests';
    const content = files.get(path);
    if (treatment === 'chart') parts.push({ findings: [], problems: reportChart(path, charts) });
    else if (content !== undefined && !(isMaybe && !mentionsImages(content))) {
      parts.push(find(FINDERS[treatment], content, path));
    }
  }
  for (const { text, file } of options.imageLists ?? []) parts.push(findInImageList(text, file));
  const ignored = (options.ignored ?? []).map(({ text, file }) => findInImageList(text, file));
  return {
    findings: parts
      .flatMap((part) => part.findings)
      .filter(
        ({ reference }) =>
          !ignored.some((list) => list.findings.some((each) => isIgnoredBy(each.reference, reference))),
      ),
    problems: [...parts, ...ignored].flatMap((part) => part.problems),
  };
}

/** Most YAML outside the folders for manifests has nothing to do with Kubernetes, and is not worth parsing. */
function mentionsImages(content: Buffer): boolean {
  return content.includes('image') && content.includes('kind');
}

/** A workload is one wherever it stands. What is no YAML, or a template of it, is somebody else's business. */
function findInMaybeManifests(text: string, file: string): Findings {
  const { findings, problems } = findInManifests(text, file);
  const known = problems.filter(({ code }) => code !== 'MANIFEST_UNREADABLE');
  return { findings, problems: known.map((problem) => ({ ...problem, severity: 'warning' })) };
}

function find(finder: Finder | undefined, content: Buffer, path: string): Findings {
  if (finder === undefined) return { findings: [], problems: [] };
  const text = decode(content);
  if (text === undefined && finder === findInMaybeManifests) return { findings: [], problems: [] };
  if (text === undefined) {
    const message = 'This file is not UTF-8 text';
    return { findings: [], problems: [{ code: 'MANIFEST_UNREADABLE', message, at: { file: path } }] };
  }
  const app = appOf(path);
  const { findings, problems } = finder(text, path);
  return { findings: app === undefined ? findings : findings.map((finding) => ({ ...finding, app })), problems };
}

/** The byte order mark stays: places are counted in the text as it is. */
function decode(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

function reportChart(path: string, charts: readonly string[]): Problem[] {
  // A chart inside a chart is reported with it.
  if (charts.some((folder) => path.startsWith(`${folder}/`) && path !== `${folder}/Chart.yaml`)) return [];
  const chart = path.replace(/\/Chart\.yaml$/, '');
  return [
    {
      code: 'IMAGES_NOT_DISCOVERED',
      message: `Images of Helm charts are not discovered yet: ${chart}`,
      hint: 'List the images of the chart in imageList.',
      at: { file: path },
      severity: 'warning',
    },
  ];
}

function reportTemplate(text: string, file: string): Findings {
  if (!/image/i.test(text)) return { findings: [], problems: [] };
  const problem: Problem = {
    code: 'IMAGES_NOT_DISCOVERED',
    message: 'Images of templates are not discovered yet',
    hint: 'List the images of the template in imageList.',
    at: { file },
    severity: 'warning',
  };
  return { findings: [], problems: [problem] };
}
