/** A container that runs: its addresses, its log, its files, its end. */

import { extract } from 'tar-stream';
import { type EngineClient, isGone, query } from './client.ts';

/** What a running container looks like from outside. */
export interface ContainerState {
  readonly isRunning: boolean;
  /** IPv4 address in a network; undefined when it is not (or no longer) in it. */
  readonly address: string | undefined;
}

/** Inspects a container. */
export async function inspectContainer(client: EngineClient, id: string, network: string): Promise<ContainerState> {
  const { State: state, NetworkSettings: settings } = asRecord(
    await client.json({ method: 'GET', path: `/containers/${id}/json` }),
  );
  const address = asRecord(asRecord(asRecord(settings).Networks)[network]).IPAddress;
  return {
    isRunning: asRecord(state).Running === true,
    address: typeof address === 'string' && address !== '' ? address : undefined,
  };
}

/** Waits for a container's end. @returns its exit code */
export async function waitForExit(client: EngineClient, id: string, signal: AbortSignal): Promise<number> {
  const answer = await client.json({ method: 'POST', path: `/containers/${id}/wait`, signal, idleMs: 0 });
  return Number(asRecord(answer).StatusCode);
}

/** The last lines that a container has printed, both of its outputs. */
export async function lastLines(client: EngineClient, id: string, lines: number): Promise<string[]> {
  const path = `/containers/${id}/logs${query({ stdout: true, stderr: true, tail: lines })}`;
  const text = demultiplex(await client.bytes({ method: 'GET', path }));
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines);
}

/**
 * A small file of a container.
 * @returns undefined while it does not exist
 */
export async function readSmallFile(client: EngineClient, id: string, path: string): Promise<string | undefined> {
  try {
    const tar = await client.bytes({ method: 'GET', path: `/containers/${id}/archive${query({ path })}` });
    return await firstFile(tar);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function firstFile(tar: Buffer): Promise<string | undefined> {
  const reader = extract({});
  reader.write(tar);
  reader.end();
  for await (const entry of reader) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    if (entry.header.type === 'file') return Buffer.concat(chunks).toString();
  }
  return undefined;
}

/**
 * Takes apart what a container without a terminal prints (engine API, "Stream format"): frames of 8 bytes head, its
 * first the number of the output, its last four the length, and the content.
 */
export function demultiplex(bytes: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts).toString();
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
