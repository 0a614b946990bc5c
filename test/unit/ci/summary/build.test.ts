import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildSummary, pushSummary } from '../../../../src/ci/summary/index.ts';
import { MAX_BYTES } from '../../../../src/ci/summary/room.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { buildResult, builtPlatform, HOSTILE, timelineOf } from './samples.ts';

suite('the summary of a build', () => {
  const result = buildResult(builtPlatform());

  test('has the image, what is inside with sizes, what was reused, and times', () => {
    const html = buildSummary(result);
    for (const text of [
      '<code>shop:v1</code>',
      result.digest,
      '<code>docker.io/library/nginx:1.25</code>',
      '12.3 MB',
      '5.0 kB',
      'layers 1.2 s',
      'reused',
    ]) {
      assert.ok(html.includes(text), text);
    }
  });

  test('escapes what the user wrote, and has no blank line that would end the table', () => {
    const html = buildSummary(result);
    assert.ok(html.includes('RUN echo &quot;&lt;script&gt;&quot; &#124; &#64;team # x'));
    assert.ok(!html.includes('<script>') && html.includes('<td>&lt;b&gt;</td>'));
    assert.doesNotMatch(html.trim(), /\n\s*\n/);
  });

  test('of a thousand layers is cut, and says so', () => {
    const { layers } = builtPlatform();
    const many = Array.from({ length: 1000 }, () => layers).flat();
    const html = buildSummary(buildResult(builtPlatform({ layers: many })));
    assert.ok(html.length < 100_000);
    assert.match(html, /and 850 more/);
  });

  test('shows what the image weighs by kind of layer and by app, heaviest first, with bars', () => {
    const layers = (
      [
        ['rootfs', 250],
        ['images', 750],
      ] as const
    ).map(([kind, size]) => ({
      ...{ kind, size, digest: digestOf(kind), createdBy: 'COPY', cached: false },
    }));
    const images = (
      [
        ['a', 100],
        ['b', 300],
        ['b', 600],
      ] as const
    ).map(([app, bytes], i) => ({
      ...{ app, bytes, reference: `r.test/${app}/${i}:1`, digest: digestOf(`${i}`) },
    }));
    const html = buildSummary(buildResult(builtPlatform({ layers, images })));
    assert.match(html, /1\.0 kB, by weight/);
    assert.match(
      html,
      /Container images<\/td><td>750 B<\/td><td><code>█{20}<\/code><\/td><td>75 %.*\n.*Rootfs.*█{7}░{13}.*25 %/,
    );
    assert.match(html, /<td>b<\/td><td>900 B<\/td><td><code>█{20}<\/code><\/td><td>90 %.*\n.*<td>a<\/td><td>100 B/);
    assert.equal(html.match(/r\.test\/b\/2:1/g)?.length, 1, 'three images are seen at once in their list');
  });

  test('of many container images names the heaviest apart', () => {
    const images = Array.from({ length: 500 }, (_, i) => ({
      ...{
        reference: `r.test/x/${String(i).padStart(3, '0')}:1`,
        digest: digestOf(`${i}`),
        bytes: i,
        app: `app${i % 40}`,
      },
    }));
    const html = buildSummary(buildResult(builtPlatform({ images })));
    assert.match(html, /Heaviest container images<\/th><\/tr>\n.*<samp>r\.test\/x\/499:1<\/samp>/);
    assert.ok(Buffer.byteLength(html) < 200_000, String(Buffer.byteLength(html)));
  });

  test('of names that want to break out stays in its cells, on its lines', () => {
    const images = [{ reference: HOSTILE, digest: digestOf('y'), bytes: 1, app: HOSTILE, found: [HOSTILE] }];
    const layers = [{ digest: digestOf('z'), size: 1, kind: 'app' as const, createdBy: HOSTILE, cached: false }];
    const timeline = timelineOf({
      [HOSTILE]: [
        [HOSTILE, 5000],
        ['x', 5000],
      ],
      b: [['b', 2000]],
    });
    const html = buildSummary(buildResult(builtPlatform({ images, layers })), { timeline });
    assert.doesNotMatch(html, /<script|<\/script|@team|!\[|`x`/);
    const diagram = /```mermaid\n(.*?)```/s.exec(html)?.[1] ?? '';
    assert.match(diagram, /gantt/);
    // The first line is ours.
    assert.doesNotMatch(diagram.slice(diagram.indexOf('\ngantt')), /%%|:::|[<>"@]|click a href/);
    assert.deepEqual(html.match(/^```.*$/gm), ['```mermaid', '```'], 'one block, opened and closed');
    assert.equal(html.match(/<td>/g)?.length, html.match(/<\/td>/g)?.length);
  });

  test('never has more than a step may write, however long the names', () => {
    const layers = Array.from({ length: 127 }, (_, i) => ({
      ...{ digest: digestOf(`${i}`), size: 1, kind: 'app' as const, createdBy: '&'.repeat(4000), cached: false },
    }));
    const images = Array.from({ length: 150 }, (_, i) => ({
      ...{ reference: `r/${'&'.repeat(200)}${i}`, digest: digestOf(`${i}`), bytes: 1, found: ['@'.repeat(4000)] },
    }));
    const many = Array.from({ length: 8 }, () => builtPlatform({ layers, images }));
    const html = buildSummary(buildResult(...many));
    assert.ok(Buffer.byteLength(html) <= MAX_BYTES, String(Buffer.byteLength(html)));
    assert.match(html, /the log has all of it/);
    assert.match(html, /<h3>Cluster image<\/h3>/);
  });
});

suite('the summary of a push', () => {
  test('says what was sent and what was there, and the share', () => {
    assert.match(
      pushSummary([{ name: 'r/a:v1', digest: digestOf('x'), movedBytes: 2000, skippedBytes: 3000 }]),
      /r\/a:v1.*2\.0 kB.*3\.0 kB.*█{8}░{12}.*40 % sent/s,
    );
  });
});
