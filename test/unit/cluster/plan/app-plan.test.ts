import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AppSituation, appName, appPlan, launchName } from '../../../../src/cluster/plan/app-plan.ts';
import { current, desired } from './situations.ts';

const { saved } = current({ saved: desired({ masters: ['10.0.0.2'] }), hosts: {} });
assert.ok(saved);
const image = { ...desired({ masters: ['10.0.0.2'] }).image, name: 'registry.example.com/app:v1', runtime: undefined };
const nothing: AppSituation = {
  ...{ image, saved, master: '10.0.0.2', push: undefined, waits: true },
  ...{ launches: [], lacking: [], unmirrored: [] },
};
const ids = (situation: Partial<AppSituation>) => appPlan({ ...nothing, ...situation }).steps.map(({ id }) => id);

test('what a cluster lacks of an app image is brought, mirrored, launched and waited for, in this order', () => {
  const lacking = ['10.0.0.2', '10.0.0.3'];
  const launches = [
    { name: 'db', digest: 'a' },
    { name: 'web', digest: 'b' },
  ];
  assert.deepEqual(ids({ lacking, unmirrored: ['10.0.0.4'], launches, push: 'p' }), [
    'distribute',
    'push',
    'mirror',
    'launch db',
    'launch web',
    'wait',
  ]);
});

test('the same image a second time does nothing; another digest of one app launches that app alone', () => {
  const launched = { [launchName(image.name, 'db')]: 'a', [launchName(image.name, 'web')]: 'b' };
  const launches = [
    { name: 'db', digest: 'a' },
    { name: 'web', digest: 'b' },
  ];
  const again = { saved: { ...saved, launched } };
  assert.deepEqual(ids({ ...again, launches }), []);
  assert.deepEqual(ids({ ...again, launches: [...launches.slice(0, 1), { name: 'web', digest: 'c' }] }), [
    'launch web',
    'wait',
  ]);
});

test('without waiting nothing is waited for', () => {
  assert.deepEqual(ids({ lacking: ['10.0.0.2'], waits: false }), ['distribute']);
});

test('versions of an app image are the same app, whatever their tags; other images are not', () => {
  assert.equal(appName('registry.example.com/app:v1'), appName('registry.example.com/app:v2'));
  assert.notEqual(launchName('registry.example.com/app:v1', 'web'), launchName('registry.example.com/other:v1', 'web'));
});
