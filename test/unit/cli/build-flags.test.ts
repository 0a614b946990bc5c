import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Command } from 'commander';
import { type BuildFlags, parseSecret, toBuildOptions, withBuildFlags } from '../../../src/cli/build-flags.ts';
import { readBuildArgs } from '../../../src/cli/build-values.ts';
import { SealerError } from '../../../src/error.ts';

/** The options of a build for a command line; `--pull` alone is spelt out before commander sees it. */
function parse(...args: string[]) {
  const command = withBuildFlags(new Command('build'))
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  return toBuildOptions('ctx', command.parse(args, { from: 'user' }).opts<BuildFlags>(), { FROM_ENV: 'yes' });
}

test('without flags a build is what the contract says', () => {
  assert.deepEqual(parse(), {
    context: 'ctx',
    file: undefined,
    tags: [],
    platforms: [],
    buildArgs: {},
    labels: {},
    annotations: {},
    noCache: false,
    pull: 'missing',
    baseRegistry: undefined,
    target: undefined,
    secrets: [],
    imageLists: [],
    ignoredImageLists: [],
    saveImages: true,
    type: 'kube-installer',
    compression: 'gzip',
    lock: 'use',
    offline: false,
    imageArchives: [],
    imageSources: [],
    record: false,
    cluster: { image: undefined, timeoutMs: 600_000, settleMs: 10_000 },
  });
});

test('--locked requires the lock, --lock alone writes it', () => {
  assert.equal(parse('--locked').lock, 'require');
  assert.equal(parse('--lock=write').lock, 'write');
  assert.equal(parse('--lock=ignore').lock, 'ignore');
  assert.throws(() => parse('--lock=maybe'), /Allowed choices are/);
});

test('an engine that we do not know is refused', () => {
  assert.deepEqual(parse('--image-source', 'docker', '--image-source', 'containerd').imageSources, [
    'docker',
    'containerd',
  ]);
  assert.throws(() => parse('--image-source', 'cri-o'), /docker, podman, containerd/);
});

test('names are completed and kept once', () => {
  assert.deepEqual(parse('-t', 'shop', '-t', 'docker.io/library/shop:latest', '-t', 'r.io:5000/a:v1').tags, [
    'docker.io/library/shop:latest',
    'r.io:5000/a:v1',
  ]);
});

test('flags reach the build', () => {
  const options = parse(
    ...['--platform', 'linux/amd64,arm64', '--platform', 'linux/arm/v7', '--no-cache', '--save-images=false'],
    ...['--label', 'a=b=c', '--label', 'a=d', '--type', 'app-installer', '--compression', 'zstd', '--pull=newer'],
  );
  assert.deepEqual(
    options.platforms.map(({ architecture }) => architecture),
    ['amd64', 'arm64', 'arm'],
  );
  assert.deepEqual([options.noCache, options.saveImages, options.pull], [true, false, 'newer']);
  assert.deepEqual(options.labels, { a: 'd' });
});

test('a build argument without a value comes from the environment, and is left out where it is not set there', () => {
  assert.deepEqual(parse('--build-arg', 'FROM_ENV', '--build-arg', 'X=1=2', '--build-arg', 'ABSENT').buildArgs, {
    FROM_ENV: 'yes',
    X: '1=2',
  });
  assert.throws(
    () => readBuildArgs(['1x=2'], {}),
    (error) => error instanceof SealerError && error.code === 'USAGE',
  );
});

test('--pull takes only the policies', () => {
  assert.throws(() => parse('--pull=sometimes'), /sometimes/);
});

suite('secrets', () => {
  test('come from a file or a variable', () => {
    assert.deepEqual(parseSecret('id=a,src=/run/a'), { id: 'a', file: '/run/a' });
    assert.deepEqual(parseSecret('type=env,id=a,env=TOKEN'), { id: 'a', env: 'TOKEN' });
    assert.deepEqual(parseSecret('id=TOKEN'), { id: 'TOKEN', env: 'TOKEN' });
  });

  for (const text of ['', 'src=x', 'id=', 'id=a,src=x,env=Y', 'id=a,value=hunter2']) {
    test(`"${text}" is refused`, () => assert.throws(() => parseSecret(text)));
  }
});
