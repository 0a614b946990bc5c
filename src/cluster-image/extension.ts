/**
 * What a cluster image says about itself, in the annotations of its manifest: the same JSON as the Go sealer's
 * `v1alpha1` (sealerio/sealer, pkg/define/image/v1/sealer_image.go and pkg/define/application/v1/application.go), so
 * that either reads what the other writes.
 */

import { SealerError } from '../error.ts';
import type { ImageManifest } from '../oci/manifest.ts';

/** Annotation of the manifest: an ImageExtension. */
export const EXTENSION_ANNOTATION = 'sealer.image.extension';
/** Annotation of the manifest: the list of container images inside. */
export const IMAGES_ANNOTATION = 'sealer.image.container.images';
/** Annotation of a layer's descriptor: `rootfs`, `app` or `images`. */
export const LAYER_ANNOTATION = 'sealer.layer';

/** What a layer holds; hosts fetch only the kinds that they need. */
export type LayerKind = 'rootfs' | 'app' | 'images';

export const SCHEMA_VERSION = 'v1alpha1';

/** `kube-installer`: a cluster and apps. `app-installer`: apps for a cluster that is there. */
export type ImageType = 'kube-installer' | 'app-installer';

export interface Application {
  readonly name: string;
  /** `helm`, `kube`, `shell`, `kustomize`, or nothing where cmds say it all. */
  readonly type?: string | undefined;
  /** Relative to application/apps/<name>/. */
  readonly files: readonly string[];
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cmds: readonly string[];
}

export interface ImageExtension {
  readonly buildClient: { readonly sealerVersion: string; readonly buildahVersion: string };
  readonly schemaVersion: string;
  /** An ImageType, or what another tool wrote. */
  readonly type: string;
  readonly applications: readonly Application[];
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly launch: { readonly cmds: readonly string[]; readonly app_names: readonly string[] };
}

/**
 * Reads the extension of a cluster image. Fields that are missing or of the wrong type count as empty: images made by
 * any version of the Go sealer are to be readable.
 * @returns undefined for an image that is no cluster image
 * @throws SealerError INVALID_MANIFEST if the annotation is not a JSON object
 */
export function parseExtension(manifest: Pick<ImageManifest, 'annotations'>): ImageExtension | undefined {
  const text = manifest.annotations?.[EXTENSION_ANNOTATION];
  if (text === undefined) return undefined;
  const json = objectOf(parseJson(text));
  if (json === undefined) throw invalid();
  const buildClient = objectOf(json.buildClient) ?? {};
  const launch = objectOf(json.launch) ?? {};
  return {
    buildClient: {
      sealerVersion: stringOf(buildClient.sealerVersion) ?? '',
      buildahVersion: stringOf(buildClient.buildahVersion) ?? '',
    },
    schemaVersion: stringOf(json.schemaVersion) ?? SCHEMA_VERSION,
    type: stringOf(json.type) ?? '',
    applications: listOf(json.applications).flatMap(parseApplication),
    labels: stringsByKeyOf(json.labels),
    env: stringsByKeyOf(json.env),
    launch: { cmds: stringsOf(launch.cmds), app_names: stringsOf(launch.app_names) },
  };
}

/**
 * The annotation's value: fields in the order of the Go struct, maps by key, empty ones left out as Go's `omitempty`
 * does; so the same content gives the same bytes.
 */
export function serializeExtension(extension: ImageExtension): string {
  const { buildClient, schemaVersion, type, applications, labels, env, launch } = extension;
  return JSON.stringify({
    buildClient: { sealerVersion: buildClient.sealerVersion, buildahVersion: buildClient.buildahVersion },
    schemaVersion,
    type: orNothing(type),
    applications: orNothing(applications.map(orderApplication)),
    labels: orNothing(sorted(labels)),
    env: orNothing(sorted(env)),
    launch: { cmds: orNothing(launch.cmds), app_names: orNothing(launch.app_names) },
  });
}

function orderApplication({ name, type, files, version, env, cmds }: Application): object {
  return {
    name,
    type: orNothing(type),
    files: orNothing(files),
    version: orNothing(version),
    env: orNothing(sorted(env)),
    cmds: orNothing(cmds),
  };
}

function parseApplication(value: unknown): readonly Application[] {
  const json = objectOf(value);
  const name = stringOf(json?.name);
  if (json === undefined || name === undefined) return [];
  const type = stringOf(json.type);
  return [
    {
      name,
      ...(type === undefined || type === '' ? {} : { type }),
      files: stringsOf(json.files),
      version: stringOf(json.version) ?? 'v1',
      env: stringsByKeyOf(json.env),
      cmds: stringsOf(json.cmds),
    },
  ];
}

/** What `omitempty` leaves out; JSON.stringify drops undefined. */
function orNothing<T extends string | readonly unknown[] | object>(value: T | undefined): T | undefined {
  if (value === undefined || value === '') return undefined;
  return typeof value === 'object' && Object.keys(value).length === 0 ? undefined : value;
}

function sorted(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(cause);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function stringsOf(value: unknown): readonly string[] {
  return listOf(value).filter((each) => typeof each === 'string');
}

function stringsByKeyOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(value) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function invalid(cause?: unknown): SealerError {
  return new SealerError('INVALID_MANIFEST', `The annotation ${EXTENSION_ANNOTATION} is not a JSON object`, { cause });
}
