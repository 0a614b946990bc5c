import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warnOfCopiedContents } from '../../../src/build/copied-contents.ts';
import { parseKubefile } from '../../../src/kubefile/index.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

async function warnings(...lines: string[]): Promise<readonly string[]> {
  await using context = await temporaryFolder('copied');
  writeFiles(context.path, { 'mysql/m.yaml': '', redis: '' });
  const { kubefile } = parseKubefile(`FROM scratch\n${lines.join('\n')}\n`, 'Kubefile');
  return warnOfCopiedContents(kubefile, context.path).map(({ message, at }) => `${at?.line}: ${message.split(',')[0]}`);
}

for (const [command, copy] of [
  ['CMD kubectl apply -f mysql', 'COPY mysql .'],
  ['CMDS ["echo", "kubectl apply -f ./mysql/m.yaml"]', 'COPY ./mysql/ etc/'],
  ['CMD kubectl apply -f "mysql/m.yaml"', 'COPY redis mysql /'],
] as const) {
  test(`"${copy}" with "${command}" warns at the source`, async () => {
    assert.deepEqual(await warnings(copy, command), ['2: A command names mysql']);
  });
}

for (const [command, copy] of [
  ['CMD kubectl apply -f mysql', 'COPY mysql mysql'],
  ['CMD kubectl apply -f mysql', 'COPY mysql /mysql/'],
  ['CMD kubectl apply -f mysql', 'COPY mysql .\nCOPY redis mysql'],
  ['CMD kubectl apply -f m.yaml', 'COPY mysql .'],
  ['CMD kubectl apply -f mysql.yaml', 'COPY mysql .'],
  ['CMD kubectl apply -f redis', 'COPY redis .'],
] as const) {
  test(`"${copy}" with "${command}" is fine`, async () => {
    assert.deepEqual(await warnings(copy, command), []);
  });
}
