import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ImageExtension, parseExtension } from '../../../src/cluster-image/index.ts';
import { planLaunch } from '../../../src/launch/index.ts';

function extension(json: object): ImageExtension {
  const parsed = parseExtension({ annotations: { 'sealer.image.extension': JSON.stringify(json) } });
  assert.ok(parsed !== undefined);
  return parsed;
}

const APPS = [
  { name: 'db', cmds: ['cd application/apps/db && kubectl apply -f a.yaml', 'cd application/apps/db && true'] },
  { name: 'web', env: { PORT: '80', LEVEL: 'web' }, cmds: ['helm upgrade --install web application/apps/web'] },
  { name: 'silent', cmds: ['  '] },
];

describe('the plan of a launch', () => {
  it('has the commands of the apps that LAUNCH names, in its order, with the app’s env over the image’s', () => {
    const image = extension({
      applications: APPS,
      env: { LEVEL: 'image', A: '1' },
      launch: { app_names: ['web', 'db'] },
    });
    const env = { LEVEL: 'image', A: '1' };
    assert.deepEqual(planLaunch(image), [
      {
        app: 'web',
        command: 'helm upgrade --install web application/apps/web',
        env: { ...env, PORT: '80', LEVEL: 'web' },
      },
      { app: 'db', command: 'cd application/apps/db && kubectl apply -f a.yaml', env },
      { app: 'db', command: 'cd application/apps/db && true', env },
    ]);
  });

  it('is the image’s own commands where it has some', () => {
    const image = extension({
      applications: APPS,
      env: { A: '1' },
      launch: { cmds: ['one', 'two'], app_names: ['web'] },
    });
    assert.deepEqual(planLaunch(image), [
      { command: 'one', env: { A: '1' } },
      { command: 'two', env: { A: '1' } },
    ]);
  });

  it('takes what the Go sealer wrote: all commands of an app as one line, replaced apps last', () => {
    const line = 'cd application/apps/web/ && kubectl apply -f a.yaml && kubectl apply -f b.yaml';
    const old = { name: 'web', cmds: ['old'] };
    const image = extension({ applications: [old, { name: 'web', cmds: [line] }], launch: { app_names: ['web'] } });
    assert.deepEqual(planLaunch(image), [{ app: 'web', command: line, env: {} }]);
  });

  it('is empty for an image that launches nothing', () => {
    assert.deepEqual(planLaunch(extension({ applications: APPS })), []);
  });

  it('an app without commands, and one that is not there, are named', () => {
    const plan = (name: string) => () => planLaunch(extension({ applications: APPS, launch: { app_names: [name] } }));
    assert.throws(plan('silent'), { code: 'LAUNCH_FAILED', message: /app silent/, hint: /APPCMDS silent/ });
    assert.throws(plan('other'), {
      code: 'LAUNCH_FAILED',
      message: /app other, which is not/,
      hint: /db, web, silent/,
    });
  });
});
