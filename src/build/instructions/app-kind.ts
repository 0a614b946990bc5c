/** Applications: what kind one is, by its files, and what launches it. */

import { posix } from 'node:path';
import { type Place, SealerError } from '../../error.ts';

/** As the Go sealer names them in the extension; empty where only APPCMDS says how to launch. */
export type AppKind = 'helm' | 'kube' | 'kustomize' | 'shell' | '';

export interface App {
  readonly name: string;
  readonly kind: AppKind;
  /** Relative to the app's folder; what the launch is about. */
  readonly files: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  /**
   * Of a chart: paths in the rootfs of its values files, one list for each `--values`; the first is launched. Those of an
   * inherited app are known by `valueSetsOf` from the files of the rootfs.
   */
  readonly valueSets: readonly (readonly string[])[];
  /** Run one after the other in the rootfs; the first failure ends it. */
  readonly commands: readonly string[];
  readonly at: Place;
  /** From the base image, whose files are in its layers. */
  readonly isInherited: boolean;
}

const APPS_FOLDER = 'application/apps';
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Where an app is in the rootfs. */
export function appFolder(name: string): string {
  return `${APPS_FOLDER}/${name}`;
}

/**
 * Tells the kind of an app.
 * @param all its files, relative to its folder; templates stand for what they become before the launch
 */
export function detectKind(all: readonly string[]): {
  readonly kind: AppKind;
  readonly launchFiles: readonly string[];
} {
  const files = [...new Set(all.map(withoutTemplateSuffix))];
  const isChart = files.includes('Chart.yaml') && files.some((file) => file.startsWith('templates/'));
  if (isChart) return { kind: 'helm', launchFiles: ['.'] };
  const [only] = files;
  if (files.length === 1 && only !== undefined && /\.(tgz|tar\.gz)$/.test(only))
    return { kind: 'helm', launchFiles: [only] };
  if (KUSTOMIZATIONS.some((name) => files.includes(name))) return { kind: 'kustomize', launchFiles: ['.'] };
  if (files.length > 0 && files.every((file) => /\.(ya?ml|json)$/.test(file)))
    return { kind: 'kube', launchFiles: files };
  if (files.length > 0 && files.every((file) => file.endsWith('.sh'))) return { kind: 'shell', launchFiles: files };
  return { kind: '', launchFiles: [] };
}

/**
 * The commands that launch an app of a kind, to be run in its folder. None for an unknown kind.
 * @param values values files of a chart, as paths in the rootfs
 */
export function defaultCommands(
  name: string,
  kind: AppKind,
  files: readonly string[],
  values: readonly string[] = [],
): readonly string[] {
  switch (kind) {
    case 'helm': {
      const flags = values.map((path) => ` -f ${quote(posix.relative(appFolder(name), withoutTemplateSuffix(path)))}`);
      return [`helm upgrade --install ${name} ${quote(files[0] ?? '.')}${flags.join('')}`];
    }
    case 'kustomize':
      return ['kubectl apply -k .'];
    case 'kube':
      return files.map((file) => `kubectl apply --server-side -f ${quote(file)}`);
    case 'shell':
      return files.map((file) => `sh ${quote(file)}`);
    case '':
      return [];
  }
}

/**
 * Each command goes to the app's folder first: whoever runs them, the Go sealer included, starts each anew in the
 * rootfs. Kept apart, so that the first that fails ends the launch.
 */
export function inAppFolder(name: string, commands: readonly string[]): readonly string[] {
  return commands.map((command) => `cd ${appFolder(name)} && ${command}`);
}

/** @throws SealerError APP_KIND_UNKNOWN if nothing says how to launch the app */
export function checkLaunchable(app: App): void {
  if (app.commands.length > 0) return;
  throw new SealerError('APP_KIND_UNKNOWN', `Nothing tells how to launch the app ${app.name}`, {
    at: app.at,
    hint:
      `It is no helm chart (Chart.yaml and templates/, or a .tgz), kustomization, set of manifests, or set of .sh files. ` +
      `Say how: APPCMDS ${app.name} ["…"].`,
  });
}

/** `.tmpl` files are rendered before anything is launched, and are then those without `.tmpl`. */
function withoutTemplateSuffix(path: string): string {
  return path.replace(/\.tmpl$/, '');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
