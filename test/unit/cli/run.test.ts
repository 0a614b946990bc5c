import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeError, errorToJson, toSealerError } from '../../../src/cli/describe-error.ts';
import { parseClusterfile } from '../../../src/clusterfile/index.ts';
import { SealerError } from '../../../src/error.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { run } from './fake-context.ts';

suite('usage', () => {
  test('an unknown command names the nearest one and exits with 2', async () => {
    const { code, stderr, stdout } = await run(['biuld', '.']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.equal(stderr, "error[USAGE]: Unknown command 'biuld'\n  hint: Did you mean build?\n");
  });

  test('an unknown flag names the nearest one', async () => {
    const { code, stderr } = await run(['build', '--lable', 'a=b']);
    assert.equal(code, 2);
    assert.match(stderr, /Unknown option '--lable'\n {2}hint: Did you mean --label\?/);
  });

  test('with --json an error is one JSON object on stderr', async () => {
    const { code, stderr, stdout } = await run(['tag', '--json']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const { error } = JSON.parse(stderr);
    assert.deepEqual([error.code, error.exitCode, error.problems], ['USAGE', 2, []]);
  });

  const asking = [
    [],
    ['--help'],
    ['help'],
    ['help-me', '--help'],
    ['build', '--help'],
    ['registry', 'serve', '--help'],
  ];
  for (const args of [...asking, ['help', 'build'], ['help', 'images', 'discover']]) {
    test(`sealer ${args.join(' ')} shows help`, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: sealer/);
      assert.equal(stderr, '');
    });
  }

  test("help COMMAND is that command's help: its own flags first, those of all commands under headings", async () => {
    const { stdout } = await run(['help', 'attest', 'show']);
    assert.match(stdout, /^Usage: sealer attest show/);
    assert.deepEqual(stdout.match(/^\S.*:$/gm), [
      'Arguments:',
      'Options:',
      'Output:',
      'Registries and store:',
      'Examples:',
    ]);
  });

  for (const [args, command] of [
    [['push'], 'sealer push'],
    [['registry', 'serve', 'x'], 'sealer registry serve'],
    [['join', '--zzzzzz'], 'sealer scale-up'],
    [['--zzzzzz'], 'sealer'],
  ] as const) {
    test(`sealer ${args.join(' ')} is referred to the help of ${command}`, async () => {
      const { code, stderr } = await run(args);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`hint: See ${command} --help\\.\n$`));
    });
  }

  test('flags of the Go sealer lead to ours, and no secret is repeated', async () => {
    const password = await run(['run', 'a:v1', '--masters', '10.0.0.2', '--passwd', 'hunter2']);
    assert.equal(password.code, 2);
    assert.match(password.stderr, /SEALER_SSH_PASSWORD/);
    assert.doesNotMatch(password.stderr, /hunter2/);
    assert.match((await run(['run', 'a:v1', '--pk', 'id_rsa'])).stderr, /--key/);
  });

  test('a group without a command is wrong usage', async () => {
    const { code, stderr } = await run(['registry']);
    assert.equal(code, 2);
    assert.match(stderr, /error\[USAGE\]/);
  });

  test('a password on the command line is refused, and never repeated', async () => {
    for (const args of [['-p', 'hunter2'], ['-phunter2'], ['--password=hunter2']]) {
      const { code, stderr } = await run(['login', '-u', 'me', ...args, 'r.example.com']);
      assert.equal(code, 2);
      assert.match(stderr, /--password-stdin/);
      assert.doesNotMatch(stderr, /hunter2/);
    }
  });

  test('an archive never goes to a terminal', async () => {
    const { code, stderr } = await run(['save', 'x:v1'], { isTTY: true });
    assert.equal(code, 2);
    assert.match(stderr, /Add -o FILE/);
  });
});

test('version says what it runs on, as JSON too', async () => {
  const { code, stdout } = await run(['version', '--json']);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).node, process.versions.node);
});

suite('hosts that nobody names', () => {
  /** An engine that is not there, and a home of its own. */
  async function runAlone(args: readonly string[]) {
    await using folder = await temporaryFolder('alone');
    const { path } = folder;
    return await run(args, {
      env: { HOME: path, SEALER_HOME: `${path}/store`, DOCKER_HOST: `unix://${path}/none.sock` },
    });
  }

  test('check says so, instead of finding nothing wrong', async () => {
    const { code, stdout, stderr } = await runAlone(['check']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /error\[USAGE\]: No host is named to check/);
  });

  test('run asks for the image before anything else', async () => {
    const { code, stderr } = await runAlone(['run']);
    assert.equal(code, 2);
    assert.match(stderr, /error\[USAGE\]: No image is named/);
  });

  test('run without a master connects to nobody', async () => {
    const { code, stderr } = await runAlone(['run', 'a:v1', '--nodes', '127.0.0.1', '--port', '1']);
    assert.equal(code, 1);
    assert.match(stderr, /error\[LAST_MASTER\]/);
  });

  for (const args of [['status'], ['kubeconfig'], ['delete', '--all'], ['scale-up', '--nodes', '1']]) {
    test(`sealer ${args.join(' ')} asks which cluster is meant, with flags that it has`, async () => {
      const { code, stderr } = await runAlone(args);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /error\[ENGINE_NOT_FOUND\]: Which cluster is meant\?.*\n {2}hint: .*--cluster-host 10\.0\.0\.2/,
      );
    });
  }
});

test('hosts that are named in several flags are all meant', async () => {
  const flags = ['--masters', '10.0.0.2', '--masters', '10.0.0.3', '-n', '10.0.0.4', '-n', '10.0.0.5,10.0.0.6'];
  const { stdout } = await run(['gen', 'shop:v1', '--json', '--apps', 'a', '--apps', 'b', ...flags]);
  const { clusterfile, problems } = parseClusterfile(JSON.parse(stdout).clusterfile, 'Clusterfile', { env: {} });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    clusterfile?.cluster.hosts.map(({ address, roles }) => `${roles} ${address}`),
    ['master 10.0.0.2', 'master 10.0.0.3', 'node 10.0.0.4', 'node 10.0.0.5', 'node 10.0.0.6'],
  );
  assert.deepEqual(clusterfile?.cluster.appNames, ['a', 'b']);
});

suite('errors', () => {
  const place = { file: 'Kubefile', line: 3, column: 5 };

  test('have code, place and hint on lines of their own', () => {
    const error = new SealerError('UNKNOWN_INSTRUCTION', '"CPOY" is not an instruction', {
      at: place,
      hint: 'Write COPY.',
    });
    assert.equal(
      describeError(error),
      'error[UNKNOWN_INSTRUCTION]: "CPOY" is not an instruction\n  at Kubefile:3:5\n  hint: Write COPY.',
    );
  });

  test('that sum up several problems show each of them, the sum last', () => {
    const problems = [
      { code: 'BAD_JSON', message: 'one', at: place } as const,
      { code: 'UNKNOWN_APP', message: 'two', severity: 'warning' } as const,
    ];
    const error = new SealerError('KUBEFILE_INVALID', 'Kubefile has 2 problems', { problems });
    assert.deepEqual(describeError(error).split('\n'), [
      'error[BAD_JSON]: one',
      '  at Kubefile:3:5',
      'warning[UNKNOWN_APP]: two',
      'error[KUBEFILE_INVALID]: Kubefile has 2 problems',
    ]);
    assert.equal(Object(errorToJson(error)).error.problems.length, 2);
  });

  test('that nobody foresaw are bugs: stack, where to report, exit 70', () => {
    const error = toSealerError(new TypeError('x is not a function'));
    assert.equal(error.exitCode, 70);
    const text = describeError(error);
    assert.match(text, /run\.test\.ts/);
    assert.match(text, /error\[INTERNAL\]: TypeError: x is not a function\n {2}hint: .*https:/);
  });

  test('of a full disk and of missing permission are no bugs', () => {
    const full = toSealerError(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
    assert.deepEqual([full.code, full.exitCode], ['DISK_FULL', 3]);
    assert.equal(toSealerError(Object.assign(new Error('EACCES'), { code: 'EACCES' })).code, 'PERMISSION');
  });

  test('after Ctrl-C are an interruption, whatever broke because of it', () => {
    assert.equal(toSealerError(new Error('aborted'), AbortSignal.abort()).code, 'INTERRUPTED');
  });

  test('cannot bring escape sequences to the terminal', () => {
    assert.equal(describeError(new SealerError('RUN_FAILED', 'a\u001b[2Jb')), 'error[RUN_FAILED]: ab');
  });
});
