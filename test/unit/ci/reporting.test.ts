import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { BuildResult } from '../../../src/build/index.ts';
import { groupReporter, withoutCommands } from '../../../src/ci/groups.ts';
import { buildSummary, pushSummary } from '../../../src/ci/summary.ts';
import { annotationLine } from '../../../src/cli/annotations.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';

const PATHS = { cwd: '/repo/deploy', workspace: '/repo' };

suite('annotations', () => {
  test('name file, line, column and code; files are relative to the repository', () => {
    const line = annotationLine(
      { code: 'BAD_JSON', message: 'no bracket', hint: 'Add ].', at: { file: 'Kubefile', line: 3, column: 7 } },
      PATHS,
    );
    assert.equal(line, '::error file=deploy/Kubefile,line=3,col=7,title=sealer%3A BAD_JSON::no bracket%0AAdd ].');
  });

  test('of warnings are warnings, and a problem without a place has none', () => {
    const line = annotationLine({ code: 'UNKNOWN_APP', message: '100%', severity: 'warning' }, PATHS);
    assert.equal(line, '::warning title=sealer%3A UNKNOWN_APP::100%25');
  });

  test('cannot be broken out of by a file name or a message', () => {
    const line = annotationLine(
      { code: 'BAD_JSON', message: 'a\n::set-output name=x::y', at: { file: 'a,line=9::b\n', line: 1 } },
      PATHS,
    );
    assert.equal(line.split('\n').length, 1);
    assert.match(line, /file=deploy\/a%2Cline=9%3A%3Ab%0A,line=1,/);
  });
});

suite('groups', () => {
  test('open with a phase, close with the next, and hold its lines', () => {
    const lines: string[] = [];
    const reporter = groupReporter(
      (line) => lines.push(line),
      () => 0,
    );
    reporter.report({ type: 'phase', title: 'One' });
    reporter.report({ type: 'output', id: 'run', line: 'hello' });
    reporter.report({ type: 'phase', title: 'Two' });
    reporter.close();
    assert.deepEqual(lines, ['::group::One', '   | hello', '::endgroup::', '::group::Two', '::endgroup::']);
  });

  test('output of a RUN cannot give the runner commands', () => {
    assert.equal(withoutCommands('  ::add-path::/evil'), '  : :add-path::/evil');
    assert.equal(withoutCommands('x ##[add-matcher]y'), 'x ## [add-matcher]y');
    const lines: string[] = [];
    groupReporter(
      (line) => lines.push(line),
      () => 0,
    ).report({ type: 'phase', title: '::error::x\n::y' });
    assert.deepEqual(lines, ['::group::: :error::x ::y']);
  });
});

suite('the job summary', () => {
  const digest = digestOf('x');
  const result: BuildResult = {
    digest,
    imageId: digest,
    descriptor: { mediaType: OCI_INDEX, digest, size: 1 },
    tags: ['docker.io/library/shop:v1'],
    platforms: [
      {
        platform: { os: 'linux', architecture: 'amd64' },
        manifest: { mediaType: OCI_MANIFEST, digest, size: 1 },
        config: digest,
        layers: [{ digest, size: 1000, kind: 'rootfs', createdBy: 'RUN echo "<script>" | @team\n\n# x', cached: true }],
        images: [{ reference: 'docker.io/library/nginx:1.25', digest, bytes: 12_300_000, app: '<b>' }],
      },
    ],
    reusedBytes: 5000,
    fetchedBytes: 12_300_000,
    problems: [],
    timings: [{ phase: 'layers', ms: 1200 }],
  };

  test('has the image, what is inside with sizes, what was reused, and times', () => {
    const html = buildSummary(result);
    for (const text of [
      '<code>shop:v1</code>',
      digest,
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
    const [platform] = result.platforms;
    assert.ok(platform);
    const layers = Array.from({ length: 1000 }, () => platform.layers).flat();
    const html = buildSummary({ ...result, platforms: [{ ...platform, layers }] });
    assert.ok(html.length < 100_000);
    assert.match(html, /and 850 more/);
  });

  test('of a push says what was sent and what was there', () => {
    assert.match(
      pushSummary([{ name: 'r/a:v1', digest, movedBytes: 2000, skippedBytes: 3000 }]),
      /r\/a:v1.*2\.0 kB.*3\.0 kB/s,
    );
  });
});
