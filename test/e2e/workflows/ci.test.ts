/** ci.yml's job that uses our action, run as GitHub would, but for the registry's port. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../lab/free-port.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { push } from '../../lab/workflow/events.ts';
import { runWorkflow } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';
import { copyTree, npmStandIn, pathWith } from '../../lab/workflow/tree.ts';

test('ci.yml: the action builds and pushes from a checkout, and the registry has what it says', {
  skip: needs('git'),
}, async () => {
  await using folder = await temporaryFolder('ci');
  const [tree, artifacts, told] = [
    join(folder.path, 'tree'),
    join(folder.path, 'artifacts'),
    join(folder.path, 'told'),
  ];
  mkdirSync(artifacts);
  writeFileSync(told, '');
  // The workflow names it in several places, so it has to be known before.
  const port = await freePort();
  copyTree(tree, (name, text) =>
    /^(?:\.github\/workflows\/ci\.yml|examples\/hello\/)/.test(name)
      ? text.replaceAll('localhost:5050', `localhost:${port}`)
      : text,
  );
  const { resolver } = standIns({ tree, release: tree, artifacts });
  const run = await runWorkflow({
    ...{ tree, resolver, runtime: {}, file: '.github/workflows/ci.yml', folder: join(folder.path, 'jobs') },
    happening: push(),
    only: ['action'],
    env: { SEALER_HOME: join(folder.path, 'store'), npm_config_update_notifier: 'false' },
    path: pathWith(join(folder.path, 'bin'), { npm: npmStandIn(told) }),
  });
  assert.equal(run.jobs.action?.result, 'success', run.log);
  const [cell] = run.jobs.action?.cells ?? [];
  const digest = cell?.steps.sealer?.outputs.digest ?? '';
  assert.match(digest, /^sha256:[a-f0-9]{64}$/);
  assert.equal(cell?.steps.sealer?.outputs.refs, `localhost:${port}/demo/cluster@${digest}`);
  assert.match(cell?.summary ?? '', /Cluster image/);
  // The registry was left running, as a runner finds it at the end of a job; it is ended with it.
  await assert.rejects(fetch(`http://localhost:${port}/v2/`));
});
