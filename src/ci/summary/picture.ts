/** A picture of a cluster: its hosts, what they are, and where container images come from. */

import { type ClusterSpec, formatTaint } from '../../clusterfile/index.ts';
import { mermaidBlock, mermaidText } from './mermaid.ts';

/** What the picture shows. */
export interface PicturedCluster {
  readonly name: string;
  /** `kubeadm`, and the version of Kubernetes where it is known. */
  readonly runtime: string;
  readonly image: string;
  /** Addresses. */
  readonly masters: readonly string[];
  readonly nodes: readonly PicturedNode[];
  /** Where it listens: `sea.hub:5000`. */
  readonly registry: string;
  /** Masters that the registry is on; none: it is outside. */
  readonly registryHosts: readonly string[];
}

export interface PicturedNode {
  readonly address: string;
  /** What tells it from others: labels and taints. */
  readonly notes: readonly string[];
}

/** Boxes that are drawn of each kind of host; the others are counted. */
const MAX_MASTERS = 7;
const MAX_NODES = 12;
/** Boxes in a row. */
const COLUMNS = 4;

/** What a Clusterfile asks for, as far as the picture shows it. */
export function picturedCluster(
  { name, hosts, registry }: ClusterSpec,
  parts: Pick<PicturedCluster, 'runtime' | 'image' | 'masters' | 'registryHosts'>,
): PicturedCluster {
  const nodes = hosts
    .filter(({ address }) => !parts.masters.includes(address))
    .map(({ address, labels, taints }) => ({
      address,
      notes: [...Object.entries(labels).map(([key, value]) => `${key}=${value}`), ...taints.map(formatTaint)],
    }));
  return { name, nodes, registry: `${registry.domain}:${registry.port}`, ...parts };
}

/** Draws it, however many hosts there are. */
export function clusterPicture(cluster: PicturedCluster): string {
  const { name, runtime, image, masters, nodes, registry, registryHosts } = cluster;
  const isOutside = registryHosts.length === 0;
  const registryBox = `registry[("registry<br/>${mermaidText(registry)}")]`;
  return mermaidBlock([
    'flowchart LR',
    `  image(["${mermaidText(image)}"])`,
    ...(isOutside ? [`  ${registryBox}`] : []),
    `  subgraph cluster["${mermaidText(name)}, ${mermaidText(runtime)}"]`,
    '    direction TB',
    ...(isOutside ? [] : [`    ${registryBox}`]),
    ...group('masters', countOf(masters.length, 'master'), mastersOf(masters, registryHosts)),
    ...(nodes.length === 0 ? [] : group('nodes', countOf(nodes.length, 'node'), nodesOf(nodes))),
    '  end',
    '  image --> registry',
    '  registry --> masters',
    ...(nodes.length === 0 ? [] : ['  registry --> nodes']),
  ]);
}

function mastersOf(masters: readonly string[], registryHosts: readonly string[]): readonly string[] {
  const boxes = masters.map((address) => {
    const notes = registryHosts.includes(address) && registryHosts.length < masters.length ? ['registry'] : [];
    return box(address, notes);
  });
  return bounded(boxes, MAX_MASTERS);
}

function nodesOf(nodes: readonly PicturedNode[]): readonly string[] {
  return bounded(
    nodes.slice(0, MAX_NODES).map(({ address, notes }) => box(address, notes.slice(0, 3))),
    MAX_NODES,
    nodes.length,
  );
}

function box(address: string, notes: readonly string[]): string {
  return `["${[address, ...notes].map((each) => mermaidText(each)).join('<br/>')}"]`;
}

function bounded(boxes: readonly string[], max: number, count = boxes.length): readonly string[] {
  return count <= max ? boxes : [...boxes.slice(0, max - 1), `["… and ${count - max + 1} more"]`];
}

function group(id: string, title: string, boxes: readonly string[]): readonly string[] {
  return [
    `    subgraph ${id}["${title}"]`,
    '      direction LR',
    ...boxes.map((each, i) => `      ${id}${i}${each}`),
    // Unseen links make rows of them.
    ...rowsOf(boxes.map((_, i) => `${id}${i}`)).map((row) => `      ${row.join(' ~~~ ')}`),
    '    end',
  ];
}

/** Only rows in which a box has a neighbour. */
function rowsOf(ids: readonly string[]): readonly (readonly string[])[] {
  const rows = ids.flatMap((_, i) => (i % COLUMNS === 0 ? [ids.slice(i, i + COLUMNS)] : []));
  return rows.filter(({ length }) => length > 1);
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
