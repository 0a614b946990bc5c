import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { groupReporter, withoutCommands } from '../../../src/ci/groups.ts';
import { annotationLine } from '../../../src/cli/annotations.ts';

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
    // What .NET takes for the end of a line, and for white space.
    assert.equal(withoutCommands('50 %\r::set-output name=digest::x'), '50 %\r: :set-output name=digest::x');
    assert.equal(withoutCommands('\u0085 ::stop-commands::x'), '\u0085 : :stop-commands::x');
    assert.equal(
      withoutCommands('it ends:\n::add-mask::a\r\n\n::add-mask::b'),
      'it ends:\n: :add-mask::a\r\n\n: :add-mask::b',
    );
    const lines: string[] = [];
    groupReporter(
      (line) => lines.push(line),
      () => 0,
    ).report({ type: 'phase', title: '::error::x\n::y' });
    assert.deepEqual(lines, ['::group::: :error::x ::y']);
  });
});
