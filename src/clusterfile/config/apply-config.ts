/** Changes of a Clusterfile to the files of an image. */

import { SealerError } from '../../error.ts';
import type { ApplicationConfig, ConfigSpec } from '../desired.ts';
import { mergeDeep } from './merge.ts';
import { processData, toSecret } from './process.ts';
import { isMap, NotYaml, readYamls, writeYaml } from './yaml-text.ts';

/** A file of the image. */
export interface TargetFile {
  /** Relative to the rootfs. */
  readonly path: string;
  readonly text: string;
}

type Change = Pick<ConfigSpec, 'name' | 'path' | 'strategy' | 'process' | 'data' | 'at'>;

/**
 * What a file holds after a Config. `overwrite`: the data; `merge`: the data merged into every YAML document of the file
 * (merge.ts has the rules), or the data where there is no file. With `toSecret`, the data goes into the Secret that the
 * file holds. The same input gives the same text; comments are lost where something is merged.
 * @param target undefined if there is no such file
 * @throws SealerError CLUSTERFILE_INVALID at the Config, when data or file are not what the steps or the strategy need
 */
export function applyConfig(target: TargetFile | undefined, config: ConfigSpec): string {
  return change(target, config, `The Config ${config.name}`);
}

/** Where the file of a Config is, relative to the rootfs. */
export function configPath({ path, appName }: Pick<ConfigSpec, 'path' | 'appName'>): string {
  return appName === undefined ? path : appFilePath(appName, path);
}

/**
 * What a file of an app holds after an Application's `configs[].files`, by the same rules.
 * @param app its name, for errors
 * @throws SealerError CLUSTERFILE_INVALID
 */
export function applyApplicationFiles(
  target: TargetFile | undefined,
  file: ApplicationConfig['files'][number],
  app = '',
): string {
  const path = target?.path ?? file.path;
  return change(target, { ...file, name: app, path, process: [] }, app === '' ? 'The Application' : `The app ${app}`);
}

function appFilePath(app: string, path: string): string {
  return `application/apps/${app}/${path.replace(/^(?:\.?\/)+/, '')}`;
}

function change(target: TargetFile | undefined, spec: Change, who: string): string {
  const data = attempt(spec, `${who}: its data cannot be processed`, () => processData(spec.data, spec.process));
  if (spec.process.includes('toSecret')) return intoSecret(target, spec, data, who);
  if (spec.strategy === 'overwrite' || target === undefined) return data;
  const over = attempt(spec, `${who}: its data cannot be merged`, () => onlyMap(data));
  const documents = attempt(spec, `${who}: ${target.path} cannot be merged`, () => readYamls(target.text).map(asMap));
  if (documents.length === 0) return data;
  return write(
    target.path,
    documents.map((document) => mergeDeep(document, over)),
  );
}

function intoSecret(target: TargetFile | undefined, spec: Change, data: string, who: string): string {
  const fresh = { apiVersion: 'v1', kind: 'Secret', metadata: { name: spec.name }, type: 'Opaque' };
  const read = (): readonly unknown[] => (target === undefined ? [] : readYamls(target.text));
  const found = attempt(spec, `${who}: ${spec.path} is not YAML`, read);
  const documents = found.length === 0 ? [fresh] : found;
  if (!documents.some(isSecret)) {
    throw failure(
      spec,
      `${who}: ${spec.path} has no Secret`,
      'toSecret puts the data into a Secret that the file holds.',
    );
  }
  const into = (document: unknown): unknown => (isSecret(document) ? toSecret(document, data) : document);
  return write(
    spec.path,
    attempt(spec, `${who}: its data cannot be a Secret`, () => documents.map(into)),
  );
}

function isSecret(document: unknown): document is Readonly<Record<string, unknown>> {
  return isMap(document) && document.kind === 'Secret';
}

function write(path: string, documents: readonly unknown[]): string {
  if (path.endsWith('.json') && documents.length === 1) return `${JSON.stringify(documents[0], undefined, 2)}\n`;
  return documents.map(writeYaml).join('---\n');
}

function onlyMap(text: string): Readonly<Record<string, unknown>> {
  const [only, ...others] = readYamls(text);
  if (others.length > 0) throw new NotYaml('it has several documents');
  return asMap(only);
}

function asMap(document: unknown): Readonly<Record<string, unknown>> {
  if (!isMap(document)) throw new NotYaml('a document is not a mapping');
  return document;
}

function attempt<Result>(spec: Change, what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof NotYaml) throw failure(spec, `${what}: ${error.message}`);
    throw error;
  }
}

function failure(spec: Change, message: string, hint?: string): SealerError {
  return new SealerError('CLUSTERFILE_INVALID', message, { hint, at: spec.at });
}
