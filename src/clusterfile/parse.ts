/** From the text of a Clusterfile to what it asks for. */

import type { Problem } from '../error.ts';
import { entriesOf, type YamlDocument } from '../yaml/index.ts';
import type { Clusterfile, ConfigSpec, Fields, PluginSpec } from './desired.ts';
import { readCluster } from './documents/cluster.ts';
import { convertV1, V1_KEYS } from './documents/cluster-v1.ts';
import { readApplication, readConfig } from './documents/config.ts';
import { readPlugin } from './documents/plugin.ts';
import { readK3s, readKubeadmConfig, readRaw, warnUnknownKeys } from './documents/runtimes.ts';
import { check } from './reading/check.ts';
import { below, type Checked } from './reading/checked.ts';
import { type KnownDocument, readDocuments } from './reading/documents.ts';
import { createScope, type EnvironmentScope } from './reading/environment.ts';
import { createFindings, type Findings } from './reading/findings.ts';
import { MAX_NODES, type Reading } from './reading/reading.ts';

export interface ParseOptions {
  /** Where `${NAME}` comes from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables over those of `env`, as given on the command line. */
  readonly values?: Readonly<Record<string, string>> | undefined;
  /**
   * A value whose variable is not set is left out and is no problem: for looking at a Clusterfile that was stored
   * without its secrets. What is applied must be complete.
   */
  readonly allowMissing?: boolean | undefined;
}

export interface ParsedClusterfile {
  /** Undefined where there is a problem that is no warning. */
  readonly clusterfile?: Clusterfile | undefined;
  /** Everything that is wrong, in the order of the file. */
  readonly problems: Problem[];
}

/**
 * Parses a Clusterfile: several YAML documents, of the kinds in schema/kinds.ts. Every mistake is told at once, with its
 * line and column.
 * @param file how to name the file in places
 */
export function parseClusterfile(text: string, file: string, options: ParseOptions): ParsedClusterfile {
  const context = createContext(options);
  const { findings } = context;
  const documents = readDocuments(text, file, findings);
  if (!documents.some(({ kind }) => kind.name === 'Cluster') && findings.sorted().length === 0) {
    findings.add({ file, line: 1, column: 1 }, 'There is no Cluster document', 'sealer gen writes one.');
  }
  const clusterfile = readAll(documents, context);
  const problems = findings.sorted();
  return problems.some(isError) ? { problems } : { clusterfile, problems };
}

/**
 * Parses the Plugin documents of an image (`plugins/*.yaml`). Roles in `on` are not checked, for the image does not know
 * the hosts. Documents of other kinds are problems.
 */
export function parsePlugins(
  text: string,
  file: string,
): { readonly plugins: readonly PluginSpec[]; readonly problems: Problem[] } {
  const context = createContext({ env: {} });
  const documents = readDocuments(text, file, context.findings);
  const plugins = documents.flatMap((document) => {
    const checked = checkDocument(document, context);
    if (document.kind.name === 'Plugin')
      return checked === undefined ? [] : [readPlugin(checked, undefined, context.findings)];
    const place = { file, ...(checked?.at.line === undefined ? {} : { line: checked.at.line }) };
    context.findings.add(place, `A ${document.kind.name} has no effect here`, 'Put it into the Clusterfile.');
    return [];
  });
  return { plugins, problems: context.findings.sorted() };
}

interface Context {
  readonly findings: Findings;
  readonly scope: EnvironmentScope;
  readonly budget: { left: number };
}

function createContext({ env, values = {}, allowMissing = false }: ParseOptions): Context {
  const findings = createFindings();
  return { findings, scope: createScope({ ...env, ...values }, findings, allowMissing), budget: { left: MAX_NODES } };
}

function readAll(documents: readonly KnownDocument[], context: Context): Clusterfile | undefined {
  const { findings, scope } = context;
  const checked = documents.map((document) => ({
    kind: document.kind.name,
    checked: checkDocument(document, context),
  }));
  const of = (kind: string): readonly Checked[] =>
    checked.flatMap((each) => (each.kind === kind && each.checked !== undefined ? [each.checked] : []));
  const cluster = of('Cluster').map((each) => readCluster(each, findings))[0];
  const roles = cluster?.hosts.length ? [...new Set(cluster.hosts.flatMap((host) => host.roles))] : undefined;
  const configs: ConfigSpec[] = of('Config').map((each) => readConfig(each, scope, findings));
  const plugins = of('Plugin').map((each) => readPlugin(each, roles, findings));
  const application = of('Application').map((each) => readApplication(each, scope, findings))[0];
  const kubeadm: Record<string, Fields> = { ...readKubeadmConfig(below(of('KubeadmConfig')[0], 'spec')) };
  const raw = readRuntimes(documents, context);
  for (const [kind, fields] of Object.entries(raw.kubeadm)) kubeadm[kind] = { ...kubeadm[kind], ...fields };
  if (cluster === undefined) return undefined;
  return {
    cluster,
    configs,
    plugins,
    ...(application && { application }),
    kubeadm,
    ...(raw.k3s && { k3s: raw.k3s }),
    ...(raw.k0s && { k0s: raw.k0s }),
    ...(scope.secrets.size > 0 && { secrets: Object.fromEntries(scope.secrets) }),
  };
}

function readRuntimes(
  documents: readonly KnownDocument[],
  context: Context,
): Pick<Clusterfile, 'k3s' | 'k0s'> & { readonly kubeadm: Readonly<Record<string, Fields>> } {
  const kubeadm: Record<string, Fields> = {};
  let k3s: Clusterfile['k3s'];
  let k0s: Clusterfile['k0s'];
  for (const { yaml, kind } of documents) {
    if (kind.shape.type !== 'raw') continue;
    const reading: Reading = { ...context, yaml };
    if (kind.name === 'K3sConfig') k3s = readK3s(reading);
    else if (kind.name === 'ClusterConfig') k0s = readRaw(reading);
    else {
      warnUnknownKeys(reading, kind.name);
      kubeadm[kind.name] = readRaw(reading);
    }
  }
  return { kubeadm, k3s, k0s };
}

function checkDocument({ yaml, kind }: KnownDocument, context: Context): Checked | undefined {
  const { shape, older } = kind;
  if (shape.type === 'raw') return undefined;
  const reading: Reading = { ...context, yaml };
  if (older === undefined || !isV1(yaml)) return check(reading, yaml.root, shape, '');
  const checked = check(reading, yaml.root, older, '');
  return checked && convertV1(checked, context.findings);
}

/** By its fields, for versions were given out freely. */
function isV1(yaml: YamlDocument): boolean {
  const spec = entriesOf(yaml, entriesOf(yaml, yaml.root).get('spec'));
  return !spec.has('hosts') && V1_KEYS.some((key) => spec.has(key));
}

function isError({ severity }: Problem): boolean {
  return severity === undefined || severity === 'error';
}
