/** Finds in an engine what carries a label. */

import { type EngineClient, query } from '../../container-engine/client.ts';

/** Something that an engine keeps. */
export interface Resource {
  readonly kind: 'container' | 'volume' | 'network';
  /** Volumes have a name only. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; 0 where the engine does not say. */
  readonly createdMs: number;
}

/**
 * Everything with a label, whatever its state.
 * @param label `key` or `key=value`
 */
export async function list(client: EngineClient, label: string): Promise<readonly Resource[]> {
  const filters = { label: [label] };
  const [containers, volumes, networks] = await Promise.all([
    client.json({ method: 'GET', path: `/containers/json${query({ all: true, filters })}` }),
    client.json({ method: 'GET', path: `/volumes${query({ filters })}` }),
    client.json({ method: 'GET', path: `/networks${query({ filters })}` }),
  ]);
  return [
    ...records(containers).map((each) => resource('container', each.Id, each, Number(each.Created) * 1000)),
    ...records(volumesOf(volumes)).map((each) =>
      resource('volume', each.Name, each, Date.parse(String(each.CreatedAt))),
    ),
    ...records(networks).map((each) => resource('network', each.Id, each, Date.parse(String(each.Created)))),
  ];
}

function volumesOf(answer: unknown): unknown {
  return typeof answer === 'object' && answer !== null && 'Volumes' in answer ? answer.Volumes : [];
}

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each !== null) : [];
}

function resource(
  kind: Resource['kind'],
  id: unknown,
  { Labels: labels }: Readonly<Record<string, unknown>>,
  createdMs: number,
): Resource {
  const pairs = Object.entries(typeof labels === 'object' && labels !== null ? labels : {});
  return {
    kind,
    id: String(id),
    labels: Object.fromEntries(pairs.map(([key, value]) => [key, String(value)])),
    createdMs: Number.isNaN(createdMs) ? 0 : createdMs,
  };
}
