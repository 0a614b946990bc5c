/** Bad input to discovery, locks and temporary clusters: a code, the place, what to do, and exit 1. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { lacking } from '../../integration/render/charts.ts';
import { sealer } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

const NO_HELM = await lacking('helm');

describe('bad input to what finds images', () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let home: string;
  let context: string;
  let tests = 0;

  before(async () => {
    folder = resources.use(await temporaryFolder('bad-images')).path;
    home = join(folder, 'home');
  });
  beforeEach(() => {
    tests += 1;
    context = join(folder, `context-${tests}`);
  });
  after(() => resources.disposeAsync());

  /** Runs a command that has to fail like this. */
  async function refused(args: readonly string[], ...says: readonly RegExp[]): Promise<string> {
    const result = await sealer([...args, context], { home, env: { PATH: process.env.PATH ?? '', DOCKER_HOST: '' } });
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /hint: /);
    assert.doesNotMatch(result.stderr, /^ {4}at /m, 'no stack');
    for (const each of says) assert.match(result.stderr, each);
    return result.stderr;
  }

  const kubefile = (text: string, files: Record<string, string>) => writeFiles(context, { Kubefile: text, ...files });
  const chart = (templates: Record<string, string>) => ({
    'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'chart/values.yaml': 'image: {}\n',
    ...Object.fromEntries(Object.entries(templates).map(([name, text]) => [`chart/templates/${name}`, text])),
  });

  test('a manifest that is no YAML: its line, and the rest of the file is searched', async () => {
    kubefile('FROM scratch\nCOPY m manifests\n', {
      'm/a.yaml':
        'kind: A\na: [1\n---\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: "a b"}]}\n',
    });
    await refused(['build'], /MANIFEST_UNREADABLE[\s\S]*m\/a\.yaml:\d/, /INVALID_REFERENCE[\s\S]*m\/a\.yaml:6/);
  });

  test('a template of a chart that fails: the file of the chart and its line', { skip: NO_HELM }, async () => {
    kubefile(
      'FROM scratch\nAPP shop chart\n',
      chart({ 'web.yaml': 'kind: A\nname: {{ .Values.image.tag | nope }}\n' }),
    );
    await refused(['build'], /CHART_INVALID/, /chart\/templates\/web\.yaml:2/, /nope/);
  });

  test('a chart that needs a value: its name, and how to give it', { skip: NO_HELM }, async () => {
    kubefile(
      'FROM scratch\nAPP shop chart\n',
      chart({ 'web.yaml': 'name: {{ required "image.tag is needed" .Values.image.tag }}\n' }),
    );
    await refused(['build'], /CHART_INVALID/, /image\.tag is needed/, /--values/);
  });

  test('a variable of a template that nobody declares: its line and name', async () => {
    kubefile('FROM scratch\nCOPY m manifests\n', { 'm/a.yaml.tmpl': 'kind: A\nimage: {{ .REGISTRY }}/web:1\n' });
    await refused(['build'], /TEMPLATE_INVALID/, /m\/a\.yaml\.tmpl:2/, /REGISTRY/);
  });

  test('an unknown key of sealer.yaml: its line, and the nearest known one', async () => {
    kubefile('FROM scratch\nCOPY Kubefile x\n', { 'sealer.yaml': 'images:\n  ignored: []\n' });
    await refused(['build'], /RULES_INVALID[\s\S]*sealer\.yaml:2/, /ignore/);
  });

  test('a lock with a merge conflict: its line', async () => {
    kubefile('FROM scratch\nCOPY Kubefile x\n', {
      'images.lock': 'version: 1\n<<<<<<< ours\nimages: {}\n=======\n>>>>>>> theirs\n',
    });
    await refused(['build'], /LOCK_INVALID[\s\S]*images\.lock:2/);
  });

  test('no lock where one is required, and an image that it lacks', async () => {
    const pod = 'kind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: "registry.example.com/a:1"}]}\n';
    kubefile('FROM scratch\nCOPY m manifests\n', { 'm/a.yaml': pod });
    await refused(['build', '--locked'], /LOCK_STALE/, /sealer build --lock/);
    writeFiles(context, { 'images.lock': 'version: 1\n' });
    await refused(['build', '--locked'], /LOCK_STALE[\s\S]*m\/a\.yaml:3/, /registry\.example\.com\/a:1/);
  });

  test('a recording without an engine: what to install, and that all else works without', async () => {
    kubefile('FROM scratch\nAPP a m\nLAUNCH ["a"]\n', { 'm/a.yaml': 'kind: ConfigMap\nmetadata: {name: a}\n' });
    const result = await sealer(['build', '--record', '--cluster-image', 'any', context], {
      home,
      env: { PATH: process.env.PATH ?? '', DOCKER_HOST: `unix://${join(folder, 'no.sock')}` },
    });
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /error\[ENGINE_NOT_FOUND\]/);
    assert.match(result.stderr, /Everything else works without one/);
  });

  test('an image that launches nothing has nothing to record, and no cluster is started for it', async () => {
    kubefile('FROM scratch\nCOPY Kubefile x\n', {});
    await refused(['build', '--record'], /LAUNCH_FAILED/, /LAUNCH, CMDS or CMD/);
  });
});
