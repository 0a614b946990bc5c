import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EXTENSION_ANNOTATION,
  IMAGES_ANNOTATION,
  parseContainerImages,
  parseExtension,
  serializeContainerImages,
  serializeExtension,
} from '../../../src/cluster-image/index.ts';

/** What encoding/json makes of the Go sealer's structs. */
const GO =
  '{"buildClient":{"sealerVersion":"v0.11.0","buildahVersion":"1.27.1"},"schemaVersion":"v1alpha1","type":"kube-installer",' +
  '"applications":[{"name":"web","type":"kube","files":["a.yaml"],"version":"v1","env":{"A":"1","B":"2"},"cmds":["kubectl apply -f a.yaml"]},' +
  '{"name":"bare","version":"v1"}],"labels":{"x":"y"},"env":{"K":"V"},"launch":{"cmds":["echo"],"app_names":["web"]}}';

const annotated = (text: string) => ({ annotations: { [EXTENSION_ANNOTATION]: text } });

test("the Go sealer's extension is read and written back byte for byte", () => {
  const extension = parseExtension(annotated(GO));
  assert.ok(extension);
  assert.equal(extension.applications[0]?.env.B, '2');
  assert.deepEqual(extension.launch.app_names, ['web']);
  assert.equal(serializeExtension(extension), GO);
});

test('an empty extension is what Go makes of empty structs', () => {
  const extension = parseExtension(annotated('{}'));
  assert.ok(extension);
  assert.equal(
    serializeExtension(extension),
    '{"buildClient":{"sealerVersion":"","buildahVersion":""},"schemaVersion":"v1alpha1","launch":{}}',
  );
});

test('the order of keys plays no part', () => {
  const extension = parseExtension(annotated(GO));
  assert.ok(extension);
  const shuffled = { ...extension, env: { b: '1', a: '2' } };
  assert.equal(serializeExtension(shuffled), serializeExtension({ ...extension, env: { a: '2', b: '1' } }));
});

test('fields that are missing or of the wrong type count as empty', () => {
  const text =
    '{"applications":[1,{"name":2},{"name":"ok","files":"x","env":{"a":1,"b":"2"}}],"launch":null,"env":[],"type":7}';
  const extension = parseExtension(annotated(text));
  assert.deepEqual(extension?.applications, [{ name: 'ok', files: [], version: 'v1', env: { b: '2' }, cmds: [] }]);
  assert.deepEqual(extension?.launch, { cmds: [], app_names: [] });
});

test('an image without the annotation is no cluster image, one with a broken annotation is an error', () => {
  assert.equal(parseExtension({}), undefined);
  for (const text of ['', '[]', 'null', '{', '"x"']) {
    assert.throws(() => parseExtension(annotated(text)), { code: 'INVALID_MANIFEST' }, text);
  }
});

test("the list of container images is the Go sealer's", () => {
  const go =
    '[{"image":"docker.io/library/a:1","appName":"web","platform":{"architecture":"arm","os":"linux","variant":"v7"}},' +
    '{"image":"docker.io/library/b:1","platform":{"architecture":"amd64","os":"linux"}}]';
  const images = parseContainerImages({ annotations: { [IMAGES_ANNOTATION]: go } });
  assert.equal(images[0]?.platform?.variant, 'v7');
  assert.equal(serializeContainerImages(images), go);
  assert.deepEqual(parseContainerImages({ annotations: { [IMAGES_ANNOTATION]: '{' } }), []);
  assert.deepEqual(parseContainerImages({ annotations: { [IMAGES_ANNOTATION]: '[null,{"image":1},3]' } }), []);
});
