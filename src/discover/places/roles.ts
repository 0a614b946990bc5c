/** Which files of a cluster image's rootfs name container images, and by what they are read. */

/**
 * How discovery treats a file. `maybe-manifests` stand where nothing says that they are manifests: `COPY mysql .` puts
 * them anywhere, and a command applies them from there.
 */
export type Role =
  | 'manifests'
  | 'maybe-manifests'
  | 'image-list'
  | 'archive-list'
  | 'compose'
  | 'script'
  | 'template'
  | 'kustomization'
  | 'chart'
  /** Not read by itself: values, files of charts, what kustomizations take in, and everything else. */
  | 'ignored';

/** Where manifests, charts and apps are. */
const FOLDERS = /^(?:manifests|charts|application\/apps)\//;
const KUSTOMIZATION = /^kustomization(?:\.ya?ml)?$/i;
const COMPOSE = /^(?:docker-)?compose(?:\.[\w-]+)*\.ya?ml$/;
/** What charts, kustomizations and apps are made of; their other files are data, and may be large. */
const TEXT =
  /\.(?:ya?ml|json|tmpl|tpl|tgz|txt|md|toml|ini|cfg|cnf|conf|config|env|properties|sh|bash|sql|xml|html?|lua|py|js|ts|star|cue|hcl|tf|rego|pem|crt|lock|helmignore|list|script|lua|j2|gotmpl|hbs)$/i;

/** Whether discovery wants the content of a file. `rootfsPath` is relative, without a leading `./`. */
export function isDiscoverable(rootfsPath: string): boolean {
  if (roleByName(rootfsPath) !== 'ignored') return true;
  if (rootfsPath.startsWith('charts/')) return !/\.(?:tar|zip|gz|zst|xz|prov)$/i.test(rootfsPath);
  if (rootfsPath.startsWith('application/values/')) return true;
  return FOLDERS.test(rootfsPath) && (TEXT.test(rootfsPath) || nameOf(rootfsPath).startsWith('.'));
}

/**
 * Whether images may be missed when this file is not read, as it is too large. Files that charts or kustomizations take in
 * are reported by these.
 */
export function mustBeRead(rootfsPath: string): boolean {
  return roleByName(rootfsPath) !== 'ignored';
}

/** The app whose files a path belongs to: `application/apps/<name>/…`, and `application/values/<name>/…`. */
export function appOf(rootfsPath: string): string | undefined {
  return /^application\/(?:apps|values)\/([^/]+)\/./.exec(rootfsPath)?.[1];
}

/** What a file is by its name and place alone; what charts and kustomizations do with it is for `layoutOf`. */
export function roleByName(rootfsPath: string): Role {
  const name = nameOf(rootfsPath);
  if (rootfsPath === 'imageList') return 'image-list';
  if (/^images\/shim\/./.test(rootfsPath)) return 'image-list';
  if (/^images\/skopeo\/[^/]+\.txt$/.test(rootfsPath)) return 'archive-list';
  if (/^application\/values\/|^charts\/[^/]+\.values\.ya?ml(?:\.tmpl)?$/.test(rootfsPath)) return 'ignored';
  if (!FOLDERS.test(rootfsPath)) return roleElsewhere(rootfsPath, name);
  if (/^(?:manifests|charts\/[^/]+|application\/apps\/[^/]+)\/imageList$/.test(rootfsPath)) return 'image-list';
  if (name === 'Chart.yaml' || name.endsWith('.tgz')) return 'chart';
  if (name.endsWith('.tmpl')) return 'template';
  // Below charts/ there are charts and nothing else.
  if (rootfsPath.startsWith('charts/')) return 'ignored';
  if (KUSTOMIZATION.test(name)) return 'kustomization';
  if (COMPOSE.test(name)) return 'compose';
  if (/\.(?:sh|bash)$/.test(name)) return 'script';
  return /\.(?:ya?ml|json)$/.test(name) ? 'manifests' : 'ignored';
}

/** YAML outside the folders that are for manifests. The registry has none of its own. */
function roleElsewhere(rootfsPath: string, name: string): Role {
  if (rootfsPath.startsWith('registry/')) return 'ignored';
  if (COMPOSE.test(name)) return 'compose';
  if (KUSTOMIZATION.test(name)) return 'ignored';
  return /\.ya?ml$/.test(name) ? 'maybe-manifests' : 'ignored';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
