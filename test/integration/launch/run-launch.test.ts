/** Launch commands, run by a real shell in a real folder. */

import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { type LaunchOptions, type LaunchStep, runLaunch } from '../../../src/launch/index.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { untilEnded } from '../../lab/until-ended.ts';

const KUBECONFIG = `
users:
- name: admin
  user:
    client-key-data: ${Buffer.from('-----BEGIN KEY-----\nTopSecretKeyMaterial\n-----END KEY-----\n').toString('base64')}
    token: a-very-secret-token
`;

interface Lab {
  readonly folder: string;
  readonly rootfs: string;
  readonly lines: string[];
  run(steps: readonly (string | LaunchStep)[], options?: Partial<LaunchOptions>): Promise<void>;
}

async function labOf(
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
  executable: string[] = [],
): Promise<Lab> {
  const folder = await folderOf(t, 'launch');
  const rootfs = join(folder, 'rootfs');
  mkdirSync(rootfs);
  writeFiles(rootfs, files, executable);
  writeFiles(folder, { kubeconfig: KUBECONFIG });
  const lines: string[] = [];
  return {
    folder,
    rootfs,
    lines,
    run: (steps, options = {}) =>
      runLaunch(
        steps.map((step) => (typeof step === 'string' ? { command: step, env: {} } : step)),
        {
          rootfs,
          kubeconfig: join(folder, 'kubeconfig'),
          env: {},
          renderTemplate: (text, _file, env) => text.replace(/\{\{ *\.(\w+) *\}\}/g, (_all, name) => env[name] ?? ''),
          onLine: (line) => lines.push(line),
          ...options,
        },
      ),
  };
}

describe('a launch', () => {
  it('runs the steps one after the other in the rootfs, and stops at the first that fails', async (t) => {
    const lab = await labOf(t);
    const steps = [
      { app: 'web', command: 'pwd > first && echo hello', env: {} },
      { app: 'web', command: 'for i in $(seq 30); do echo line $i; done; cd / && exit 7', env: {} },
      { app: 'web', command: 'touch never', env: {} },
    ];
    await assert.rejects(lab.run(steps), (error: unknown) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'LAUNCH_FAILED');
      const [head = '', ...said] = error.message.split('\n');
      assert.match(head, /^The launch of the app web failed with exit code 7: for i in /);
      assert.deepEqual(
        said,
        Array.from({ length: 20 }, (_, i) => `    line ${i + 11}`),
      );
      return true;
    });
    assert.equal(readFileSync(join(lab.rootfs, 'first'), 'utf8').trim(), lab.rootfs);
    assert.ok(!existsSync(join(lab.rootfs, 'never')));
    assert.equal(lab.lines[0], 'hello');
    assert.deepEqual(readdirSync(lab.folder).sort(), ['kubeconfig', 'rootfs'], 'its own folder is gone');
  });

  it('has a clean environment: what is declared, bin/ of the rootfs first, a private home, and nothing of ours', async (t) => {
    const { HTTPS_PROXY: before } = process.env;
    process.env.HTTPS_PROXY = 'http://me:secret@proxy.example.com';
    t.after(() => {
      if (before === undefined) delete process.env.HTTPS_PROXY;
      else process.env.HTTPS_PROXY = before;
    });
    const lab = await labOf(t, { 'bin/kubectl': '#!/bin/sh\necho from the image' }, ['bin/kubectl']);
    const step = {
      command: 'kubectl; touch "$HOME/x" "$TMPDIR/y"; stat -c %a "$HOME"; env',
      env: { LEVEL: 'app', HOME: '/root', KUBECONFIG: '/etc/passwd', PATH: '/image/path' },
    };
    await lab.run([step], { env: { LEVEL: 'image', OTHER: '1' }, path: '/usr/bin:/bin' });
    assert.equal(lab.lines[0], 'from the image');
    assert.equal(lab.lines[1], '700');
    const env = new Map(lab.lines.slice(2).map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
    assert.equal(env.get('LEVEL'), 'app');
    assert.equal(env.get('OTHER'), '1');
    assert.equal(env.get('KUBECONFIG'), join(lab.folder, 'kubeconfig'));
    assert.equal(env.get('PATH'), `${lab.rootfs}/bin:/usr/bin:/bin:/image/path`);
    assert.ok(env.get('HOME')?.startsWith(`${lab.folder}/launch-`));
    const shell = ['PWD', 'OLDPWD', '_', 'SHLVL'];
    const known = ['LANG', 'LEVEL', 'OTHER', 'PATH', 'HOME', 'TMPDIR', 'KUBECONFIG'];
    assert.deepEqual([...env.keys()].filter((name) => !shell.includes(name ?? '')).sort(), known.sort());
  });

  it('keeps secrets out of its output and its errors: those of the kubeconfig, and those the caller knows', async (t) => {
    const lab = await labOf(t);
    const key = Buffer.from('-----BEGIN KEY-----\nTopSecretKeyMaterial\n-----END KEY-----\n').toString('base64');
    const command = `cat "$KUBECONFIG"; echo ${key} | base64 -d; echo my-password; exit 1`;
    const mask = (line: string): string => line.replaceAll('my-password', '***');
    await assert.rejects(lab.run([{ app: 'a', command, env: {} }], { mask }), (error: Error) => {
      for (const text of [error.message, ...lab.lines]) {
        for (const secret of ['a-very-secret-token', key, 'TopSecretKeyMaterial', 'my-password']) {
          assert.ok(!text.includes(secret), text);
        }
      }
      return true;
    });
    assert.ok(lab.lines.includes('    token: ***'));
  });

  it('a tool that is nowhere is named, with what to do', async (t) => {
    const lab = await labOf(t);
    const failing = (command: string) => lab.run([command], { path: '/usr/bin:/bin' });
    await assert.rejects(failing('cd / && helm upgrade --install a b'), {
      code: 'LAUNCH_FAILED',
      hint: /^helm: not found\. .*COPY helm bin\//,
    });
    await assert.rejects(failing('no-such-program'), { code: 'LAUNCH_FAILED', hint: /A program was not found/ });
    await assert.rejects(failing('echo helm; exit 3'), { code: 'LAUNCH_FAILED', hint: /mend this one/ });
  });

  it('a folder with tools may be added', async (t) => {
    const lab = await labOf(t);
    writeFiles(lab.folder, { 'tools/helm': '#!/bin/sh\necho "helm $1"' }, ['tools/helm']);
    await lab.run(['helm version'], { path: join(lab.folder, 'tools') + ':/usr/bin:/bin' });
    assert.deepEqual(lab.lines, ['helm version']);
  });

  it('an abort ends the command with all that it started, and nothing runs after it', async (t) => {
    const lab = await labOf(t);
    const controller = new AbortController();
    const reason = new Error('mine');
    const command = '(trap "" TERM; while :; do sleep 0.1; done) & (sleep 300 & echo $! ; wait) & echo $!; wait';
    const options = { signal: controller.signal, onLine: (line: string) => lab.lines.push(line) };
    const running = lab.run([command, 'touch never'], options);
    const pids = await untilLines(lab.lines, 2);
    controller.abort(reason);
    await assert.rejects(running, reason);
    for (const pid of pids) await untilEnded(pid);
    assert.ok(!existsSync(join(lab.rootfs, 'never')));
    assert.deepEqual(readdirSync(lab.folder).sort(), ['kubeconfig', 'rootfs']);
    await assert.rejects(lab.run(['true'], { signal: AbortSignal.abort(reason) }), reason);
  });

  it('what a command leaves in the background ends with it', async (t) => {
    const lab = await labOf(t);
    await lab.run(['sleep 300 & echo $!']);
    await untilEnded(lab.lines[0] ?? '');
  });
});

describe('templates of a launch', () => {
  const files = {
    'etc/a.conf.tmpl': 'level={{ .LEVEL }}',
    'etc/a.conf': 'old',
    'charts/deep/er/values.yaml.tmpl': '{{ .LEVEL }}',
    'manifests/web.yaml.tmpl': '{{ .LEVEL }}{{.OWN}}',
    'application/apps/web/web.yaml.tmpl': '{{ .LEVEL }}{{.OWN}}{{.OTHER}}',
    'application/apps/idle/x.tmpl': '{{ .LEVEL }}{{.OWN}}',
    'application/values/idle/0-0-v.yaml.tmpl': '{{.OWN}}',
    'scripts/no.sh.tmpl': '{{ .LEVEL }}',
    'application/no.tmpl': '{{ .LEVEL }}',
  };

  it('are rendered in their places before anything runs: apps see their own env too', async (t) => {
    const lab = await labOf(t, files, ['etc/a.conf.tmpl']);
    const step = {
      app: 'web',
      command: 'cat application/apps/web/web.yaml',
      env: { LEVEL: '1', OWN: '2', OTHER: '3' },
    };
    await lab.run([step], { env: { LEVEL: '1' }, apps: [{ name: 'idle', env: { OWN: 'idle' } }] });
    assert.deepEqual(lab.lines, ['123']);
    const text = (name: string): string => readFileSync(join(lab.rootfs, name), 'utf8');
    assert.equal(text('etc/a.conf'), 'level=1');
    assert.equal(statSync(join(lab.rootfs, 'etc/a.conf')).mode & 0o777, 0o755);
    assert.equal(text('charts/deep/er/values.yaml'), '1');
    assert.equal(text('manifests/web.yaml'), '1', 'only what the image declares');
    assert.equal(text('application/apps/idle/x'), '1idle');
    assert.equal(text('application/values/idle/0-0-v.yaml'), 'idle');
    assert.ok(!existsSync(join(lab.rootfs, 'scripts/no.sh')));
    assert.ok(!existsSync(join(lab.rootfs, 'application/no')));
    assert.deepEqual(readdirSync(join(lab.rootfs, 'etc')).sort(), ['a.conf', 'a.conf.tmpl'], 'nothing is left');
  });

  it('never read or write through a symlink', async (t) => {
    const lab = await labOf(t, { 'etc/passwd.tmpl': 'rendered' });
    writeFiles(lab.folder, { 'outside/victim': 'safe', 'outside/x.tmpl': 'secret' });
    const outside = join(lab.folder, 'outside');
    symlinkSync(join(outside, 'victim'), join(lab.rootfs, 'etc/passwd'));
    symlinkSync(join(outside, 'x.tmpl'), join(lab.rootfs, 'etc/read.tmpl'));
    symlinkSync(outside, join(lab.rootfs, 'charts'));
    symlinkSync(outside, join(lab.rootfs, 'application'));
    await lab.run(['true']);
    assert.deepEqual(readdirSync(outside).sort(), ['victim', 'x.tmpl']);
    assert.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'safe');
    assert.ok(!lstatSync(join(lab.rootfs, 'etc/passwd')).isSymbolicLink());
    assert.ok(!existsSync(join(lab.rootfs, 'etc/read')));
  });

  it('that fail keep everything from running, and name their file', async (t) => {
    const lab = await labOf(t, { 'etc/x.tmpl': '{{', 'manifests/latin.tmpl': 'x' });
    const renderTemplate = (_text: string, file: string): string => {
      throw new SealerError('LAUNCH_FAILED', `${file}: unclosed action`);
    };
    await assert.rejects(lab.run(['touch never'], { renderTemplate }), { message: 'etc/x.tmpl: unclosed action' });
    assert.ok(!existsSync(join(lab.rootfs, 'never')));
    writeFiles(lab.rootfs, { 'etc/latin.tmpl': Buffer.from([0xe4]) });
    await assert.rejects(lab.run(['true']), { code: 'LAUNCH_FAILED', message: /etc\/latin\.tmpl .*not UTF-8/ });
  });
});

async function untilLines(lines: readonly string[], count: number): Promise<readonly string[]> {
  for (let left = 1500; lines.length < count; left--) {
    if (left === 0) throw new Error(`only ${lines.length} lines`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return lines;
}
