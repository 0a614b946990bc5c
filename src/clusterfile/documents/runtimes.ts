/** Documents for the programs that run a cluster: kubeadm, k3s and k0s. They are handed on, not understood. */

import { didYouMean } from '../../suggest.ts';
import { entriesOf, isMapping, placeOf, type YamlNode } from '../../yaml/index.ts';
import type { Fields } from '../desired.ts';
import type { Checked } from '../reading/checked.ts';
import type { Findings } from '../reading/findings.ts';
import { readPlain } from '../reading/plain.ts';
import { keyNodes, type Reading } from '../reading/reading.ts';
import { KUBEADM_KEYS, kindOfKey, SECTIONS } from '../schema/kubeadm-fields.ts';

/** Any document as it stands. */
export function readRaw(reading: Reading): Fields {
  const tree = readPlain(reading, reading.yaml.root);
  return isFields(tree) ? tree : {};
}

/** kubeadm ignores keys that it does not know, or stops at them, by its version: they are told before. */
export function warnUnknownKeys(reading: Reading, kind: string): void {
  const known = [...(KUBEADM_KEYS[kind] ?? []), ...TOP];
  if (known.length === TOP.length) return;
  const keys = keyNodes(reading.yaml, reading.yaml.root);
  for (const [key, value] of entriesOf(reading.yaml, reading.yaml.root)) {
    if (known.includes(key) || reading.findings.isFull()) continue;
    const at = placeOf(reading.yaml, keys.get(key) ?? value);
    reading.findings.warn(at, `kubeadm knows no ${key} in a ${kind}`, didYouMean(key, known));
  }
}

/** What a KubeadmConfig holds, by kubeadm's kinds. The form of v1beta3 is assumed where no version is given. */
export function readKubeadmConfig(spec: Checked | undefined): Readonly<Record<string, Fields>> {
  const documents: Record<string, Fields> = {};
  for (const [key, { tree }] of spec?.entries ?? []) {
    const section = SECTIONS[key];
    const kind = section ?? kindOfKey(key);
    if (kind === undefined) continue;
    const fields = section === undefined ? { [key]: tree } : isFields(tree) ? tree : {};
    documents[kind] = { apiVersion: VERSIONS[kind] ?? 'kubeadm.k8s.io/v1beta3', kind, ...documents[kind], ...fields };
  }
  return documents;
}

/** A K3sConfig: keys of config.yaml at the top or below `spec`; those below `agent` are for agents alone. */
export function readK3s(reading: Reading): { readonly server: Fields; readonly agent: Fields } {
  const { yaml, findings } = reading;
  const spec = entriesOf(yaml, yaml.root).get('spec');
  if (spec !== undefined && !isMapping(yaml, spec)) findings.add(placeOf(yaml, spec), 'spec is not a mapping');
  const node = spec !== undefined && isMapping(yaml, spec) ? spec : yaml.root;
  const skipped = spec === undefined ? TOP : [];
  if (spec !== undefined) reportBeside(reading, [...TOP, 'spec']);
  const server = readSettings(reading, node, [...skipped, 'agent', 'server']);
  const sections = ['server', 'agent'].map((name) => {
    const section = entriesOf(yaml, node).get(name);
    if (section === undefined) return {};
    if (isMapping(yaml, section)) return readSettings(reading, section, []);
    const hint = name === 'server' ? 'sealer says which server is joined: leave it out.' : undefined;
    findings.add(placeOf(yaml, keyNodes(yaml, node).get(name) ?? section), `${name} is not a mapping`, hint);
    return {};
  });
  return { server: { ...server, ...sections[0] }, agent: sections[1] ?? {} };
}

const TOP: readonly string[] = ['apiVersion', 'kind', 'metadata', 'status'];

const VERSIONS: Readonly<Record<string, string>> = {
  KubeletConfiguration: 'kubelet.config.k8s.io/v1beta1',
  KubeProxyConfiguration: 'kubeproxy.config.k8s.io/v1alpha1',
};

function reportBeside({ yaml, findings }: Reading, known: readonly string[]): void {
  const keys = keyNodes(yaml, yaml.root);
  for (const [key, value] of entriesOf(yaml, yaml.root)) {
    if (known.includes(key)) continue;
    findings.add(placeOf(yaml, keys.get(key) ?? value), `${key} stands beside spec`, 'Move it below spec.');
  }
}

function readSettings(reading: Reading, node: YamlNode, skipped: readonly string[]): Fields {
  const { yaml, findings } = reading;
  const settings: [string, unknown][] = [];
  const keys = keyNodes(yaml, node, findings);
  for (const [key, value] of entriesOf(yaml, node)) {
    if (skipped.includes(key)) continue;
    reportName(key, keys.get(key) ?? value, yaml, findings);
    const tree = readPlain(reading, value, key);
    if (tree !== undefined) settings.push([key, tree]);
  }
  return Object.fromEntries(settings);
}

/** Keys are k3s's flags without their hyphens; a `+` behind one adds to what a file before it says. */
function reportName(key: string, node: YamlNode, yaml: Reading['yaml'], findings: Findings): void {
  if (/^[a-z][a-z\d]*(?:-[a-z\d]+)*\+?$/.test(key)) return;
  const kebab = key
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
  const hint = kebab === key ? "Keys are k3s's flags without --." : `Keys are k3s's flags: ${kebab}.`;
  findings.add(placeOf(yaml, node), `${key} is not a key of k3s's config.yaml`, hint);
}

function isFields(tree: unknown): tree is Fields {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree);
}
