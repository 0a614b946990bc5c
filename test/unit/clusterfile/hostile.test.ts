import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClusterfile } from '../../../src/clusterfile/index.ts';
import { cluster, cpuMs } from './reading.ts';

/** The messages of the problems, which must come within seconds. */
function quickly(text: string): readonly string[] {
  const started = cpuMs();
  const { problems, clusterfile } = parseClusterfile(text, 'Clusterfile', { env: {} });
  assert.ok(cpuMs() - started < 5000, `${cpuMs() - started} ms`);
  assert.equal(
    clusterfile === undefined,
    problems.some(({ severity }) => severity === 'error'),
  );
  return problems.map(({ message }) => message);
}

test('aliases that stand for aliases are counted', () => {
  const lines = ['a0: &a0 [x, x]', ...Array.from({ length: 60 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)];
  const bomb = lines.map((line) => `${line}\n`).join('');
  const kubelet = `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${bomb}`;
  assert.deepEqual(quickly(`${cluster('env: []')}---\n${kubelet}`), ['The Clusterfile has more than 300000 values']);
});

test('a list that holds itself ends', () => {
  const text = `${cluster('env: []')}---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\na: &a [*a]\n`;
  assert.match(quickly(text).join(), /nested more than 64 levels/);
  assert.notDeepEqual(quickly(cluster('hosts: &h [*h]')), []);
});

test('deep nesting, large files and many documents are refused', () => {
  assert.notDeepEqual(quickly(cluster(`env: ${'['.repeat(5000)}`)), []);
  assert.deepEqual(quickly('#'.repeat(5 * 1024 * 1024)), ['The Clusterfile is larger than 4 MiB']);
  assert.match(quickly(`${'---\na: 1\n'.repeat(2000)}`).join(), /more than 1000 documents|more problems/);
});

test('of thousands of mistakes 500 are told', () => {
  const told = (text: string) => quickly(text).filter((message) => !/more problems are not shown/.test(message)).length;
  const keys = Array.from({ length: 50_000 }, (_, i) => `key${i}: 1`).join('\n');
  assert.equal(told(cluster(keys)), 500);
  const labels = Array.from({ length: 50_000 }, (_, i) => `{bad key${i}: x}`.slice(1, -1)).join(', ');
  assert.equal(told(cluster(`hosts: [{ips: a, roles: master, labels: {${labels}}}]`)), 500);
  assert.equal(quickly(cluster(`env: ["A=${'${'.repeat(500_000)}"]`)).length, 1);
  assert.equal(told(cluster(`env: [${'"A=${X}${Y z}",'.repeat(20_000)}]`)), 500);
});

test('texts that make slow matching do not', () => {
  assert.notDeepEqual(quickly(cluster(`dataRoot: /${'a'.repeat(200_000)}!`)), []);
  assert.notDeepEqual(quickly(cluster(`registry: {localRegistry: {domain: "${'a.'.repeat(100_000)}!"}}`)), []);
  assert.notDeepEqual(quickly(cluster(`image: "${'a'.repeat(200_000)} "`)), []);
  assert.notDeepEqual(quickly(cluster(`image: ${'a'.repeat(300_000)}`)), []);
  const plugin = `---\napiVersion: sealer.cloud/v1\nkind: Plugin\nspec: {type: SHELL, action: upgrade, data: x, on: "a=${' '.repeat(200_000)}b c"}\n`;
  assert.notDeepEqual(quickly(`${cluster('env: []')}${plugin}`), []);
});

test('names of the language of our own are only names', () => {
  assert.match(
    quickly(cluster('__proto__: {a: 1}\nconstructor: 1')).join(),
    /__proto__ is unknown.*constructor is unknown/,
  );
  const text = `${cluster('hosts: [{ips: a, roles: master, labels: {__proto__: x}}]')}`;
  assert.notDeepEqual(quickly(text), []);
  assert.equal(Reflect.get({}, 'a'), undefined);
});

test('3000 hosts, each with an entry of its own, are read in seconds', () => {
  const hosts = Array.from(
    { length: 3000 },
    (_, i) =>
      `  - ips: [10.${Math.floor(i / 250)}.0.${(i % 250) + 1}]\n    roles: [${i < 3 ? 'master' : 'node'}]\n    labels: {rack: r${i}}\n    ssh: {user: ops, port: 2222}\n`,
  );
  const started = cpuMs();
  const { clusterfile, problems } = parseClusterfile(cluster(`hosts:\n${hosts.join('')}`), 'Clusterfile', { env: {} });
  assert.deepEqual(problems, []);
  assert.equal(clusterfile?.cluster.hosts.length, 3000);
  assert.ok(cpuMs() - started < 5000, `${cpuMs() - started} ms`);
});
