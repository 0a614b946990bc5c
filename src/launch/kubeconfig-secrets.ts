/** The secrets of a kubeconfig, to be kept out of what is printed. */

import { readFile } from 'node:fs/promises';

const SECRET_FIELD = /^\s*(?:-\s+)?["']?(?:client-key-data|token|password)["']?\s*:\s*["']?([^\s"',}]+)/gim;
/** Shorter values would blank half of the output and protect nothing. */
const SHORTEST = 8;

/** A function that blanks the keys and tokens of a kubeconfig in a line of output, whole or as PEM. */
export async function maskKubeconfig(file: string): Promise<(line: string) => string> {
  const text = await readFile(file, 'utf8');
  const written = [...text.matchAll(SECRET_FIELD)].flatMap(([, value]) => value ?? []);
  const values = new Set(written.flatMap((value) => [value, ...linesOfKey(value)]));
  const longest = [...values].filter((value) => value.length >= SHORTEST).sort((a, b) => b.length - a.length);
  return (line) => longest.reduce((masked, value) => masked.replaceAll(value, '***'), line);
}

/** The lines of a key as its PEM has them, without the first and the last, which are no secret. */
function linesOfKey(value: string): readonly string[] {
  const pem = Buffer.from(value, 'base64').toString('latin1');
  if (!pem.startsWith('-----BEGIN')) return [];
  return pem
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('-----'));
}
