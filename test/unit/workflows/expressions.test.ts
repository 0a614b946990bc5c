import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { evaluate, expand, expandToText, isRun, type Outcome, type Scope } from '../../lab/workflow/expressions.ts';

const scope = (contexts: Readonly<Record<string, unknown>>, status: Outcome = 'success'): Scope => ({
  contexts,
  status,
});

suite('expressions are what GitHub makes of them', () => {
  test('comparisons have no regard to case, and a missing property is null', () => {
    const github = { event_name: 'Push', event: {} };
    assert.equal(evaluate("github.event_name == 'push'", scope({ github })), true);
    assert.equal(evaluate('github.event.pull_request.number', scope({ github })), null);
  });

  test('a text that is one expression keeps its type, others become text', () => {
    const needs = { plan: { outputs: { cells: '[{"arch":"amd64"}]', go: 'true' } } };
    assert.deepEqual(expand('${{ fromJSON(needs.plan.outputs.cells) }}', scope({ needs })), [{ arch: 'amd64' }]);
    assert.equal(expandToText("ci-${{ needs.plan.outputs.go && 'x' }}-${{ 1 == 1 }}", scope({ needs })), 'ci-x-true');
    assert.equal(expandToText("${{ format('{0}}}', '}}') }}", scope({})), '}}}');
  });

  test('an unknown context, function or a slip of syntax is refused', () => {
    for (const text of ['nothing.here', 'explode()', "github.ref == 'x", '1 +']) {
      assert.throws(() => evaluate(text, scope({ github: {} })), text);
    }
  });

  test('a condition holds only while all went well, unless it asks for the status itself', () => {
    assert.equal(isRun(undefined, scope({}, 'failure')), false);
    assert.equal(isRun('true', scope({}, 'failure')), false);
    assert.equal(isRun('true', scope({}, 'skipped')), false);
    assert.equal(isRun('${{ always() }}', scope({}, 'failure')), true);
    assert.equal(isRun('failure()', scope({}, 'failure')), true);
    assert.equal(isRun("!cancelled() && 'x'", scope({}, 'failure')), true);
    assert.equal(isRun(false, scope({})), false);
  });

  test('hashFiles changes with the files, and with nothing else', async (t) => {
    const workspace = await folderOf(t);
    writeFiles(workspace, { 'images/a/x': '1', 'images/b/x': '2' });
    const hash = (): unknown => evaluate("hashFiles('images/**')", { contexts: {}, status: 'success', workspace });
    const before = hash();
    assert.match(String(before), /^[a-f0-9]{64}$/);
    writeFiles(workspace, { other: '3' });
    assert.equal(hash(), before);
    writeFiles(workspace, { 'images/b/x': '3' });
    assert.notEqual(hash(), before);
    assert.equal(evaluate("hashFiles('none/**')", { contexts: {}, status: 'success', workspace }), '');
  });
});
