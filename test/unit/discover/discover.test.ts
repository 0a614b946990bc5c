import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discover, groupByReference, isDiscoverable } from '../../../src/discover/index.ts';
import { formatReference } from '../../../src/oci/reference.ts';

const pod = (...images: string[]) =>
  `kind: Pod\nspec:\n  containers:\n${images.map((image) => `  - image: ${image}\n`).join('')}`;

function files(entries: Record<string, string | Buffer>): Map<string, Buffer> {
  return new Map(Object.entries(entries).map(([path, content]) => [path, Buffer.from(content)]));
}

function names(found: { findings: readonly { text: string }[] }): string[] {
  return found.findings.map((each) => each.text);
}

test('discovery wants manifests, apps and image lists, and nothing else', () => {
  for (const path of [
    'manifests/a.yaml',
    'manifests/deep/er/a.yml',
    'manifests/a.json',
    'manifests/a.yaml.tmpl',
    'manifests/imageList',
    'imageList',
    'application/apps/web/a.yaml',
    'application/apps/web/imageList',
    'application/apps/web/Chart.yaml',
    'application/apps/web/chart.tgz',
    'application/apps/web/templates/_helpers.tpl',
    'application/apps/web/install.sh',
    'application/values/web/a.yaml',
    'charts/web/files/any.thing',
    'images/shim/list',
    'docker-compose.yml',
    'application/apps/web/base/kustomization.yaml',
    'charts/web/Chart.yaml',
    'a.yaml',
    'etc/a.yml',
  ]) {
    assert.ok(isDiscoverable(path), path);
  }
  for (const path of [
    'bin/kubectl',
    'etc/a.json',
    'manifests/picture.png',
    'registry/a.yaml',
    'scripts/imageList',
    'application/apps/web/bin/app',
    'charts/images.tar',
  ]) {
    assert.ok(!isDiscoverable(path), path);
  }
});

test("a workload is found wherever it stands, and other YAML there is nobody's business", async () => {
  const found = await discover(
    files({
      'mysql.yaml': pod('mysql:8'),
      'etc/kubelet/haproxy.yml': pod('haproxy:3'),
      'etc/broken.yaml': 'kind: {image: [\n',
      'etc/template.yaml': 'kind: Pod\nspec: {{ .image }}\n',
      'etc/values.yaml': 'image: {repository: x}\nkind: y\n',
    }),
  );
  assert.deepEqual(found.problems, []);
  assert.deepEqual(
    found.findings.map(({ text, at }) => [text, at.file]),
    [
      ['haproxy:3', 'etc/kubelet/haproxy.yml'],
      ['mysql:8', 'mysql.yaml'],
    ],
  );
});

test('a reference that is none is only a warning where no manifest is expected', async () => {
  const { problems } = await discover(files({ 'etc/a.yaml': pod('${IMAGE}'), 'manifests/a.yaml': pod('${IMAGE}') }));
  assert.deepEqual(
    problems.map(({ severity, at }) => [severity ?? 'error', at?.file]),
    [
      ['warning', 'etc/a.yaml'],
      ['error', 'manifests/a.yaml'],
    ],
  );
});

test('findings come in the order of paths, and know their app', async () => {
  const found = await discover(
    files({
      imageList: 'z:1\n',
      'manifests/b.yaml': pod('b:1'),
      'manifests/a.yaml': pod('a:1'),
      'application/apps/web/w.yaml': pod('w:1'),
      'application/apps/web/imageList': 'v:1',
    }),
  );
  assert.deepEqual(found.problems, []);
  assert.deepEqual(
    found.findings.map(({ text, app, at }) => [text, app, at.file]),
    [
      ['v:1', 'web', 'application/apps/web/imageList'],
      ['w:1', 'web', 'application/apps/web/w.yaml'],
      ['z:1', undefined, 'imageList'],
      ['a:1', undefined, 'manifests/a.yaml'],
      ['b:1', undefined, 'manifests/b.yaml'],
    ],
  );
});

test('files of a Helm chart are not read as YAML, and each chart is one warning', async () => {
  const found = await discover(
    files({
      'application/apps/web/Chart.yaml': 'name: web\n',
      'application/apps/web/values.yaml': 'image: {repository: nginx}\n',
      'application/apps/web/templates/d.yaml': '{{- if .x }}\nkind: Pod\n{{- end }}',
      'application/apps/web/charts/sub/Chart.yaml': 'name: sub\n',
      'application/apps/web/charts/sub/templates/d.yaml': '{{ broken',
      'application/apps/web/imageList': 'listed:1\n',
      'application/apps/other/a.yaml': pod('read:1'),
    }),
    { paths: ['application/apps/packed/chart.tgz', 'charts/old.tgz'] },
  );
  assert.deepEqual(names(found).sort(), ['listed:1', 'read:1']);
  assert.deepEqual(
    found.problems.map(({ severity, code, at }) => [severity, code, at?.file]),
    [
      ['warning', 'IMAGES_NOT_DISCOVERED', 'application/apps/packed/chart.tgz'],
      ['warning', 'IMAGES_NOT_DISCOVERED', 'application/apps/web/Chart.yaml'],
      ['warning', 'IMAGES_NOT_DISCOVERED', 'charts/old.tgz'],
    ],
  );
});

test('a template with an image is a warning; one without is nothing', async () => {
  const found = await discover(
    files({ 'manifests/a.yaml.tmpl': 'image: {{ .x }}', 'manifests/b.conf.tmpl': 'a {{ .b }}' }),
  );
  assert.deepEqual(
    found.problems.map(({ severity, at }) => [severity, at?.file]),
    [['warning', 'manifests/a.yaml.tmpl']],
  );
});

test('a kustomization that can change images is a warning, and the manifests beside it are read', async () => {
  const found = await discover(
    files({
      'application/apps/k/kustomization.yaml': 'resources: [d.yaml]\nimages: [{name: a, newTag: "2"}]\n',
      'application/apps/k/d.yaml': pod('a:1'),
      'application/apps/l/kustomization.yml': 'resources: [d.yaml]\nnamePrefix: x-\n',
      'application/apps/m/Kustomization': 'resources: ["https://example.com/x?ref=v1"]\n',
      'application/apps/n/kustomization.yaml': 'resources: [\n',
    }),
  );
  assert.deepEqual(names(found), ['a:1']);
  assert.deepEqual(
    found.problems.map(({ severity, code, at }) => [severity, code, at?.file]),
    [
      ['warning', 'IMAGES_NOT_DISCOVERED', 'application/apps/k/kustomization.yaml'],
      ['warning', 'IMAGES_NOT_DISCOVERED', 'application/apps/m/Kustomization'],
      [undefined, 'MANIFEST_UNREADABLE', 'application/apps/n/kustomization.yaml'],
    ],
  );
});

test('lists from the command line add images, and their mistakes are errors', async () => {
  const found = await discover(files({}), { imageLists: [{ file: 'more.txt', text: 'more:1\n!\n' }] });
  assert.deepEqual(names(found), ['more:1']);
  assert.deepEqual(
    found.problems.map(({ at }) => `${at?.file}:${at?.line}`),
    ['more.txt:2'],
  );
});

test('an ignored image stays out, by completed name, tag and digest', async () => {
  const digest = `sha256:${'c'.repeat(64)}`;
  const list = ['a:1', 'a:2', `b:1@${digest}`, `b@${digest}`, 'b:2', 'c', 'quay.io/library/c'];
  const ignore = async (text: string) =>
    names(await discover(files({ imageList: list.join('\n') }), { ignored: [{ file: 'ignored', text }] }));
  const without = (...gone: string[]) => list.filter((each) => !gone.includes(each));
  assert.deepEqual(await ignore('docker.io/library/a:1'), without('a:1'));
  assert.deepEqual(await ignore('a'), list);
  assert.deepEqual(await ignore('c:latest'), without('c'));
  assert.deepEqual(await ignore('b:1'), without(`b:1@${digest}`));
  assert.deepEqual(await ignore(`b@${digest}`), without(`b:1@${digest}`, `b@${digest}`));
  assert.deepEqual(await ignore(`b:1@${digest}`), without(`b:1@${digest}`));
});

test('a file that is not UTF-8 is an error', async () => {
  const found = await discover(files({ 'manifests/a.yaml': Buffer.from([0xff, 0xfe, 0x6b, 0x00]) }));
  assert.equal(found.problems[0]?.code, 'MANIFEST_UNREADABLE');
});

test('the same image named twice is one image with two places', async () => {
  const found = await discover(files({ 'manifests/a.yaml': pod('b:1', 'a:1'), imageList: 'docker.io/library/b:1' }));
  assert.deepEqual(
    groupByReference(found.findings).map(({ reference, findings }) => [formatReference(reference), findings.length]),
    [
      ['docker.io/library/a:1', 1],
      ['docker.io/library/b:1', 2],
    ],
  );
});

test('an archive in a list may go without a name: all its images are meant', async () => {
  const text = 'docker-archive:a.tar\noci-archive:b.tar@x.test/b:1\nnonsense\n';
  const { findings, problems } = await discover(new Map([['images/skopeo/more.txt', Buffer.from(text)]]));
  assert.deepEqual(
    findings.map(({ text }) => text),
    ['x.test/b:1'],
  );
  assert.deepEqual(
    problems.map(({ at }) => at?.line),
    [3],
  );
});
