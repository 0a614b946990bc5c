/** Which files of a cluster image's rootfs name container images, and by what they are read. */

/**
 * How discovery treats a file. `maybe-manifests` stand where nothing says that they are manifests: `COPY mysql .` puts
 * them anywhere, and a command applies them from there.
 */
export type Treatment =
  | 'manifests'
  | 'maybe-manifests'
  | 'image-list'
  | 'template'
  | 'kustomization'
  | 'chart'
  | 'ignored';

/** Whether discovery wants the content of a file. `rootfsPath` is relative, without a leading `./`. */
export function isDiscoverable(rootfsPath: string): boolean {
  const path = within(rootfsPath);
  if (path === undefined) return isElsewhere(rootfsPath);
  // Archives of charts are known by their name; nobody needs their bytes here.
  return treatmentByName(path.rest) !== 'ignored' && !path.rest.endsWith('.tgz');
}

/** The app whose files a path belongs to: `application/apps/<name>/…`. */
export function appOf(rootfsPath: string): string | undefined {
  return /^application\/apps\/([^/]+)\/./.exec(rootfsPath)?.[1];
}

/**
 * How a file is to be read.
 * @param charts folders that hold a Chart.yaml
 */
export function treatmentOf(rootfsPath: string, charts: readonly string[]): Treatment {
  const path = within(rootfsPath);
  if (path === undefined) return isElsewhere(rootfsPath) ? 'maybe-manifests' : 'ignored';
  const treatment = treatmentByName(path.rest);
  if (treatment === 'image-list' || treatment === 'chart') return treatment;
  // Everything else below a chart belongs to the chart: templates, values, and what .helmignore hides.
  return charts.some((folder) => rootfsPath.startsWith(`${folder}/`)) ? 'ignored' : treatment;
}

function within(rootfsPath: string): { rest: string } | undefined {
  if (rootfsPath === 'imageList') return { rest: 'imageList' };
  const rest = /^(?:manifests|charts\/[^/]+|application\/apps\/[^/]+)\/(.+)$/.exec(rootfsPath)?.[1];
  if (rest === undefined) return /^charts\/[^/]+\.tgz$/.test(rootfsPath) ? { rest: rootfsPath } : undefined;
  // Below charts/ there are charts and nothing else.
  if (rootfsPath.startsWith('charts/') && rest !== 'Chart.yaml') return undefined;
  return { rest };
}

/** YAML outside the folders that are for manifests. The registry and charts have none of their own. */
function isElsewhere(rootfsPath: string): boolean {
  return /\.ya?ml$/.test(rootfsPath) && !/^(?:registry|charts)\//.test(rootfsPath);
}

function treatmentByName(path: string): Treatment {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (path === 'imageList') return 'image-list';
  if (name === 'Chart.yaml' || name.endsWith('.tgz')) return 'chart';
  if (/^kustomization(?:\.ya?ml)?$/i.test(name)) return 'kustomization';
  if (name.endsWith('.tmpl')) return 'template';
  return /\.(?:ya?ml|json)$/.test(name) ? 'manifests' : 'ignored';
}
