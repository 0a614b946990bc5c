import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCommands, detectKind, inAppFolder } from '../../../src/build/instructions/app-kind.ts';

test('a chart is one by Chart.yaml and templates, whatever else is there', () => {
  const files = ['Chart.yaml', 'README.md', 'templates/a.yaml', 'values.yaml'];
  assert.equal(detectKind(files).kind, 'helm');
  assert.deepEqual(defaultCommands('web', 'helm', detectKind(files).launchFiles), ['helm upgrade --install web .']);
});

test('a packed chart is launched from its archive', () => {
  const { kind, launchFiles } = detectKind(['mysql-9.1.tgz']);
  assert.deepEqual(defaultCommands('mysql', kind, launchFiles), ['helm upgrade --install mysql mysql-9.1.tgz']);
});

test('a kustomization is applied as one', () => {
  const { kind, launchFiles } = detectKind(['base/a.yaml', 'kustomization.yaml']);
  assert.equal(kind, 'kustomize');
  assert.deepEqual(defaultCommands('web', kind, launchFiles), ['kubectl apply -k .']);
});

test('manifests are applied one by one, so that the first failure ends it', () => {
  const { kind, launchFiles } = detectKind(['a.yaml', 'sub/b c.yml', 'z.json']);
  assert.equal(kind, 'kube');
  assert.deepEqual(defaultCommands('web', kind, launchFiles), [
    'kubectl apply --server-side -f a.yaml',
    "kubectl apply --server-side -f 'sub/b c.yml'",
    'kubectl apply --server-side -f z.json',
  ]);
});

test('scripts are run by sh', () => {
  const { kind, launchFiles } = detectKind(['install.sh']);
  assert.deepEqual(defaultCommands('x', kind, launchFiles), ['sh install.sh']);
});

test('anything else, and nothing at all, has no kind', () => {
  assert.equal(detectKind(['a.yaml', 'b.sh']).kind, '');
  assert.equal(detectKind(['Chart.yaml', 'values.yaml', 'x.txt']).kind, '');
  assert.equal(detectKind([]).kind, '');
});

test('every command starts in the folder of its app', () => {
  assert.deepEqual(inAppFolder('web', ['a', 'b']), ['cd application/apps/web && a', 'cd application/apps/web && b']);
});

test('templates make an app what they become, and are launched under the names that they get', () => {
  const { kind, launchFiles } = detectKind(['a.yaml.tmpl', 'b.yaml', 'b.yaml.tmpl']);
  assert.deepEqual(defaultCommands('x', kind, launchFiles), [
    'kubectl apply --server-side -f a.yaml',
    'kubectl apply --server-side -f b.yaml',
  ]);
  assert.equal(detectKind(['kustomization.yaml.tmpl', 'a.yaml']).kind, 'kustomize');
  assert.deepEqual(defaultCommands('x', 'helm', ['.'], ['application/values/x/0-0-v.yaml.tmpl']), [
    'helm upgrade --install x . -f ../../values/x/0-0-v.yaml',
  ]);
});
