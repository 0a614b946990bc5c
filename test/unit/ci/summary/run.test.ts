import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { picturedCluster, runSummary } from '../../../../src/ci/summary/index.ts';
import { mermaidText } from '../../../../src/ci/summary/mermaid.ts';
import { clusterPicture } from '../../../../src/ci/summary/picture.ts';
import { MAX_BYTES } from '../../../../src/ci/summary/room.ts';
import { timelineRecorder } from '../../../../src/ci/timeline.ts';
import { clusterfileFromFlags } from '../../../../src/clusterfile/index.ts';
import { cluster, HOSTILE, planOf, timelineOf } from './samples.ts';

suite('the picture of a cluster', () => {
  test('has the image, the registry, masters and nodes, and what comes from where', () => {
    const picture = clusterPicture(cluster(3, 2));
    for (const text of [
      'image(["shop#58;v1"])',
      'registry[("registry<br/>sea.hub#58;5000")]',
      'subgraph cluster["shop, kubeadm v1.33.4"]',
      'subgraph masters["3 masters"]',
      'masters0["10.0.0.1<br/>registry"]',
      'masters2["10.0.0.3"]',
      'nodes1["10.0.1.2"]',
      'image --> registry',
      'registry --> nodes',
    ]) {
      assert.ok(picture.includes(text), `${text} in ${picture}`);
    }
  });

  test('of five hundred hosts is as large as one of twenty, and counts the others', () => {
    const picture = clusterPicture(cluster(9, 500));
    assert.ok(picture.split('\n').length < 50, picture);
    assert.match(picture, /masters6\["… and 3 more"\]/);
    assert.match(picture, /nodes11\["… and 489 more"\]/);
    assert.match(picture, /subgraph nodes\["500 nodes"\]/);
  });

  test('has no arrow to nodes where there are none, and an outside registry outside', () => {
    const picture = clusterPicture(cluster(1, 0, { registryHosts: [] }));
    assert.doesNotMatch(picture, /nodes/);
    assert.ok(picture.indexOf('registry[(') < picture.indexOf('subgraph cluster'));
  });

  test('shows labels and taints, of a Clusterfile', () => {
    const { cluster: spec } = clusterfileFromFlags({ image: 'shop:v1', masters: '10.0.0.2', nodes: '10.0.0.3' });
    const hosts = spec.hosts.map((host) => ({
      ...host,
      labels: { disk: 'ssd' },
      taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' as const, isRemoval: false }],
    }));
    const parts = { runtime: 'k3s', image: 'shop:v1', masters: ['10.0.0.2'], registryHosts: ['10.0.0.2'] };
    const pictured = picturedCluster({ ...spec, hosts }, parts);
    assert.deepEqual(pictured.nodes, [{ address: '10.0.0.3', notes: ['disk=ssd', 'gpu=yes:NoSchedule'] }]);
    assert.match(clusterPicture(pictured), /nodes0\["10\.0\.0\.3<br\/>disk#61;ssd<br\/>gpu#61;yes#58;NoSchedule"\]/);
  });

  test('cannot be broken out of by a name', () => {
    const nodes = [{ address: HOSTILE, notes: [HOSTILE] }];
    const picture = clusterPicture(cluster(1, 1, { name: HOSTILE, image: HOSTILE, registry: HOSTILE, nodes }));
    assert.deepEqual(picture.match(/^```.*$/gm), ['```mermaid', '```']);
    assert.doesNotMatch(picture, /<(?!br\/>)|click a href|%%|:::|`x`|@/);
    for (const line of picture.split('\n')) assert.ok((line.match(/"/g)?.length ?? 0) % 2 === 0, line);
  });

  test('keeps letters of any script, and nothing that is a sign of mermaid', () => {
    assert.equal(mermaidText('größe-日本_1.2/x'), 'größe-日本_1.2/x');
    assert.equal(mermaidText('a"b#c;d:e'), 'a#34;b#35;c#59;d#58;e');
    assert.equal(mermaidText(' \n '), '-');
    assert.equal([...mermaidText('x'.repeat(5000))].length, 60);
    assert.equal(mermaidText('\ud800'), '#65533;');
  });
});

suite('the summary of a run', () => {
  test('says what was done to which hosts and why, or that it is only a plan', () => {
    const html = runSummary(planOf(2, ['10.0.0.3']), true, { cluster: cluster(1, 1) });
    assert.match(html, /Done: 2 steps/);
    assert.match(html, /<td>Join 0<\/td><td><code>10\.0\.0\.3<\/code><\/td><td>it is new<\/td>/);
    assert.match(html, /\n\n```mermaid\nflowchart LR\n/, 'Markdown begins behind a blank line');
    assert.match(runSummary(planOf(2, []), false), /Planned, nothing was changed: 2 steps/);
    assert.match(runSummary(planOf(0, []), false), /Nothing to do/);
  });

  test('of five hundred hosts and a hundred steps fits', () => {
    const hosts = Array.from({ length: 500 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const timeline = timelineOf({ a: hosts.map((host) => [`${host}: join`, 100]) });
    const html = runSummary(planOf(100, hosts, HOSTILE), true, { cluster: cluster(3, 497), timeline });
    assert.ok(Buffer.byteLength(html) < MAX_BYTES / 4);
    assert.match(html, /<td>500 hosts<\/td>/);
  });
});

suite('the timeline', () => {
  const timeline = timelineOf({
    'Connect to 3 hosts': [],
    'Bring the image': [
      ['10.0.0.1 layer', 4000],
      ['10.0.0.2 layer', 9000],
    ],
    'Join: 10.0.0.3': [['10.0.0.3: kubeadm join', 7000]],
  });
  const html = runSummary(planOf(1, []), true, { timeline });

  test('has a bar for each phase and for the longest work in it, host by host', () => {
    assert.match(html, /Took 20 s, in 3 phases/);
    assert.match(html, /```mermaid\n%%.*%%\ngantt\n {2}dateFormat x\n {2}axisFormat %s s/);
    assert.ok(html.includes('  section Bring the image\n  13 s :0, 13000\n'), html);
    assert.ok(html.includes('  10.0.0.2 layer#44; 9.0 s :active, 4000, 13000\n'), html);
    assert.doesNotMatch(html, /section Connect/, 'what took no time has no bar');
  });

  test('has a table that says the same in words', () => {
    assert.match(html, /<td>Connect to 3 hosts<\/td><td>0 ms<\/td><td><code>░{20}<\/code>/);
    assert.match(
      html,
      /<td>Bring the image<\/td><td>13 s<\/td><td><code>█{20}<\/code><\/td><td>65 %<\/td><td>10\.0\.0\.2 layer, 9\.0 s of 2<\/td>/,
    );
  });

  test('names the slowest hosts, with what they did at once counted once', () => {
    let now = 0;
    const { report, timeline } = timelineRecorder(() => now);
    const task = (id: string, label: string) => report({ type: 'start', id, label, unit: 'items' });
    task('a', '10.0.0.1: kubeadm init');
    task('b', '10.0.0.1 layer 1234');
    task('c', '10.0.1.1 layer 1234');
    now = 4000;
    report({ type: 'end', id: 'a', outcome: 'done' });
    report({ type: 'end', id: 'c', outcome: 'done' });
    now = 9000;
    const summary = runSummary(planOf(1, []), true, { timeline: timeline(), cluster: cluster(1, 5) });
    assert.match(summary, /2 hosts at work: the slowest 9\.0 s, half of them at most 4\.0 s/);
    assert.match(
      summary,
      /<code>10\.0\.0\.1<\/code><\/td><td>master<\/td><td>9\.0 s<\/td>.*\n.*10\.0\.1\.1<\/code><\/td><td>node<\/td><td>4\.0 s/,
    );
  });

  test('of thousands of tasks keeps the longest of each phase', () => {
    const tasks = Array.from({ length: 3000 }, (_, i) => [`task ${i}`, i] as const);
    const { phases } = timelineOf({ all: tasks });
    assert.equal(phases[0]?.tasks.length, 12);
    assert.equal(phases[0]?.moreTasks, 2988);
    assert.ok(phases[0]?.tasks.every(({ ms }) => ms >= 2988));
  });

  test('of a second or less is left out', () => {
    assert.doesNotMatch(runSummary(planOf(1, []), true, { timeline: timelineOf({ a: [['b', 900]] }) }), /Took/);
  });
});
