import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SealerError } from '../../../src/error.ts';
import type { Host, UploadContent } from '../../../src/hosts/host.ts';
import { HOST_KINDS, type RunningHost } from './host-kinds.ts';

for (const kind of HOST_KINDS) {
  describe(`a host: ${kind.name}`, { skip: kind.skip }, () => {
    let running: RunningHost;
    let host: Host;
    let folder: string;

    before(async () => {
      running = await kind.start();
      host = running.host;
      folder = (await host.exec({ argv: ['mktemp', '-d'] })).stdout.trim();
    });
    after(async () => {
      if (folder !== undefined) await host.exec({ argv: ['rm', '-rf', folder] });
      await running?.[Symbol.asyncDispose]();
    });

    it('runs commands as root, and their words and variables arrive as they are', async () => {
      const words = ["it's", '', 'a\nb\n', '$HOME `id` "x" \\ !', '*', 'ü€', '-n'];
      const env = { FOO: 'one\n\ntwo\n', BAR: '$x\\n', EMPTY: '' };
      const program = 'printf "%s\\0" "$(id -u)" "$PWD" "$FOO" "$BAR" "$EMPTY" "$@"';
      const output = await host.exec({ argv: ['sh', '-c', program, 'sh', ...words], env, cwd: folder });
      assert.deepEqual(output.stdout.split('\0'), ['0', folder, env.FOO, env.BAR, '', ...words, '']);
      assert.equal(output.code, 0);
    });

    it('gives a command its input, of any size and with any bytes', async () => {
      const bytes = randomBytes(3_000_000);
      for (const stdin of [bytes, Readable.from([bytes.subarray(0, 10), bytes.subarray(10)])]) {
        const { stdout } = await host.exec({ argv: ['sha256sum'], stdin });
        assert.equal(stdout.split(' ')[0], createHash('sha256').update(bytes).digest('hex'));
      }
      assert.equal((await host.exec({ argv: ['cat'], stdin: 'text\n' })).stdout, 'text\n');
      assert.equal((await host.exec({ argv: ['cat'] })).stdout, '');
      // A command that does not read its input is not waited for in vain.
      assert.equal((await host.exec({ argv: ['true'], stdin: bytes })).code, 0);
    });

    it('keeps the outputs apart, and tells them line by line, as they come', { timeout: 60_000 }, async (t) => {
      const lines: string[] = [];
      // Whoever speaks goes on only when he was heard.
      const heard = new PassThrough();
      const output = await host.exec({
        argv: ['sh', '-c', 'echo one; read -r _; echo two >&2; read -r _; printf three'],
        stdin: heard,
        signal: t.signal,
        onLine(line, stream) {
          lines.push(`${stream} ${line}`);
          if (lines.length < 3) heard.write('go on\n');
          if (lines.length === 2) heard.end();
        },
      });
      assert.deepEqual([output.stdout, output.stderr], ['one\nthree', 'two\n']);
      assert.deepEqual(lines, ['stdout one', 'stderr two', 'stdout three']);
    });

    it('keeps the first 4 MiB of what a command says, and the last 64 KiB of its errors', async () => {
      const program = 'head -c 6000000 /dev/zero | tr "\\0" x; head -c 200000 /dev/zero | tr "\\0" y >&2; echo end >&2';
      const { stdout, stderr } = await host.exec({ argv: ['sh', '-c', program] });
      assert.equal(stdout.length, 4 * 1024 * 1024);
      assert.equal(stderr.length, 64 * 1024);
      assert.ok(stderr.endsWith('yend\n'));
    });

    it('tells how a command failed, without its secrets', async () => {
      const secret = 'hunter22';
      await assert.rejects(
        host.exec({
          argv: ['sh', '-c', 'echo "wrong: $1" >&2; exit 3', 'sh', secret],
          secrets: [secret],
        }),
        (error) => {
          assert.ok(error instanceof SealerError);
          assert.equal(error.code, 'COMMAND_FAILED');
          assert.match(error.message, /exit code 3/);
          assert.ok(error.message.includes(host.label), error.message);
          assert.match(error.message, /wrong: \*\*\*/);
          assert.ok(!error.message.includes(secret));
          return true;
        },
      );
      const allowed = await host.exec({ argv: ['sh', '-c', 'exit 7'], allowFailure: true });
      assert.equal(allowed.code, 7);
      const absent = await host.exec({ argv: ['no-such-program'], allowFailure: true });
      assert.equal(absent.code, 127);
      const killed = await host.exec({ argv: ['sh', '-c', 'kill -9 $$'], allowFailure: true });
      assert.ok(killed.code === undefined || killed.code === 137);
    });

    it('ends a command that takes too long, with all that it started', async () => {
      const mark = `61.${randomBytes(4).readUInt32BE()}`;
      await assert.rejects(
        host.exec({ argv: ['sh', '-c', `sleep ${mark} & sleep ${mark}; echo never`], timeoutMs: 700 }),
        (error) => error instanceof SealerError && error.code === 'HOST_TIMEOUT' && error.message.includes(host.label),
      );
      await untilGone(host, mark);
    });

    it('ends a command on abort, also one that ignores polite signals', async () => {
      const mark = `62.${randomBytes(4).readUInt32BE()}`;
      const controller = new AbortController();
      const reason = new Error('Ctrl-C');
      const argv = ['sh', '-c', `trap "" TERM; echo begun; while :; do sleep ${mark}; done`] as const;
      await assert.rejects(
        host.exec({ argv, signal: controller.signal, onLine: () => controller.abort(reason) }),
        reason,
      );
      await untilGone(host, mark);
      await assert.rejects(host.exec({ argv: ['true'], signal: AbortSignal.abort(reason) }), reason);
    });

    it('does not wait for what a command leaves in the background', async () => {
      const began = performance.now();
      const { stdout } = await host.exec({ argv: ['sh', '-c', 'sleep 30 & echo $!'] });
      assert.ok(performance.now() - began < 20_000);
      await host.exec({ argv: ['kill', stdout.trim()] });
    });

    it('runs many commands at once', async () => {
      const numbers = Array.from({ length: 30 }, (_, index) => String(index));
      const outputs = await Promise.all(numbers.map((number) => host.exec({ argv: ['echo', number] })));
      assert.deepEqual(
        outputs.map(({ stdout }) => stdout.trim()),
        numbers,
      );
    });

    it('writes files through a temporary name, with their folders and mode, and reads them', async () => {
      const path = `${folder}/a b/c/file`;
      await host.write(path, 'first', { mode: 0o644 });
      assert.equal(await host.readText(path), 'first');
      const bytes = randomBytes(5_000_000);
      await host.write(path, Readable.from([bytes.subarray(0, 4_000_000), bytes.subarray(4_000_000)]), { mode: 0o600 });
      const stream = await host.read(path);
      assert.ok(stream !== undefined);
      assert.ok((await buffer(stream)).equals(bytes));
      const { stdout } = await host.exec({ argv: ['stat', '-c', '%a %u', path] });
      assert.equal(stdout.trim(), '600 0');
      await host.write(path, new Uint8Array(), { mode: 0o4755 });
      assert.equal(await host.readText(path), '');
      assert.equal((await host.exec({ argv: ['ls', '-A', `${folder}/a b/c`] })).stdout, 'file\n');
      assert.equal((await host.exec({ argv: ['stat', '-c', '%a', `${folder}/a b`] })).stdout.trim(), '755');
    });

    it('says that a file is not there by undefined, and fails for what is no file', async () => {
      assert.equal(await host.readText(`${folder}/absent`), undefined);
      assert.equal(await host.read(`${folder}/absent`), undefined);
      await assert.rejects(host.readText(folder), SealerError);
      await assert.rejects(async () => {
        const stream = await host.read(folder);
        if (stream !== undefined) await buffer(stream);
      }, SealerError);
      await assert.rejects(host.write(folder, 'x', { mode: 0o644 }), /is a folder/);
    });

    it('does not put a file into place whose source failed', async () => {
      const path = `${folder}/half`;
      async function* source(): AsyncGenerator<Uint8Array> {
        yield randomBytes(100_000);
        throw new Error('the source broke');
      }
      await assert.rejects(host.write(path, Readable.from(source()), { mode: 0o644 }), /the source broke/);
      assert.equal(await host.readText(path), undefined);
      assert.equal((await host.exec({ argv: ['find', folder, '-name', '*half*'] })).stdout, '');
    });

    it('stops reading a file on abort, and ends the reading there', async () => {
      await host.exec({ argv: ['mkfifo', `${folder}/fifo`] });
      const writer = host.exec({ argv: ['sh', '-c', 'exec yes > "$1"', 'sh', `${folder}/fifo`], allowFailure: true });
      const controller = new AbortController();
      const stream = await host.read(`${folder}/fifo`, { signal: controller.signal });
      assert.ok(stream !== undefined);
      await once(stream, 'readable');
      controller.abort(new Error('enough'));
      stream.resume();
      await assert.rejects(buffer(stream), /enough|aborted|premature/i);
      // yes ends because nobody reads the pipe any more.
      await writer;
    });

    it('uploads content once, and not at all when it is there', async () => {
      const content = contentOf(randomBytes(2_000_000));
      const path = `${folder}/up/load`;
      let counted = 0;
      const onBytes = (bytes: number): void => {
        counted += bytes;
      };
      assert.deepEqual(await host.upload(path, content, { mode: 0o640, onBytes }), { sent: 2_000_000 });
      assert.equal(counted, 2_000_000);
      assert.deepEqual(await host.upload(path, content, { mode: 0o755 }), { sent: 0 });
      const { stdout } = await host.exec({
        argv: ['sh', '-c', 'stat -c %a "$1"; sha256sum < "$1"; ls -A "${1%/*}"', 'sh', path],
      });
      assert.deepEqual(stdout.split(/\s+/), ['755', content.digest.slice(7), '-', 'load', '']);
      const empty = contentOf(Buffer.alloc(0));
      assert.deepEqual(await host.upload(`${folder}/empty`, empty, { mode: 0o600 }), { sent: 0 });
      assert.equal(await host.readText(`${folder}/empty`), '');
    });

    it('goes on with an upload where it broke off', async () => {
      const bytes = randomBytes(1_000_000);
      const content = contentOf(bytes);
      const path = `${folder}/resumed`;
      const partial = `${path}.${content.digest.slice(7, 19)}.partial`;
      await host.write(partial, bytes.subarray(0, 700_001), { mode: 0o600 });
      assert.deepEqual(await host.upload(path, content, { mode: 0o644 }), { sent: 299_999 });
      // What is there is another content's: it is found out, and all is sent.
      const other = contentOf(randomBytes(1_000_000));
      await host.write(`${path}.${other.digest.slice(7, 19)}.partial`, bytes.subarray(0, 400_000), { mode: 0o600 });
      assert.deepEqual(await host.upload(path, other, { mode: 0o644 }), { sent: 1_600_000 });
    });

    it('never puts content into place that is not what its digest says', async () => {
      const bytes = randomBytes(300_000);
      const path = `${folder}/altered`;
      const altered = { ...contentOf(bytes), open: () => Readable.from([Buffer.alloc(300_000)]) };
      await assert.rejects(
        host.upload(path, altered, { mode: 0o644 }),
        (error) =>
          error instanceof SealerError && error.code === 'DIGEST_MISMATCH' && error.message.includes(host.label),
      );
      const short = { ...contentOf(bytes), open: () => Readable.from([bytes.subarray(1)]) };
      await assert.rejects(host.upload(path, short, { mode: 0o644 }), /299999 instead of 300000/);
      assert.equal(await host.readText(path), undefined);
      const huge = { ...contentOf(bytes), size: 2 ** 50 };
      await assert.rejects(
        host.upload(path, huge, { mode: 0o644 }),
        (error) => error instanceof SealerError && error.code === 'HOST_DISK_FULL' && /MiB is free/.test(error.message),
      );
    });

    it('says when the disk gets full midway, and leaves nothing behind', async (t) => {
      const mount = `${folder}/small`;
      const mounted = await host.exec({
        argv: ['sh', '-c', 'mkdir -p "$1" && mount -t tmpfs -o size=1m none "$1"', 'sh', mount],
        allowFailure: true,
      });
      if (mounted.code !== 0) return t.skip('cannot mount there');
      t.after(() => host.exec({ argv: ['umount', mount] }));
      await assert.rejects(host.write(`${mount}/x`, randomBytes(2_000_000), { mode: 0o644 }), {
        code: 'HOST_DISK_FULL',
      });
      assert.equal((await host.exec({ argv: ['ls', '-A', mount] })).stdout, '');
      await assert.rejects(host.upload(`${mount}/x`, contentOf(randomBytes(2_000_000)), { mode: 0o644 }), {
        code: 'HOST_DISK_FULL',
      });
    });

    it('tells what kind of machine it is', async () => {
      const facts = await host.facts();
      assert.equal(facts.hostname, (await host.exec({ argv: ['uname', '-n'] })).stdout.trim());
      assert.equal(facts.arch, process.arch === 'x64' ? 'amd64' : process.arch);
      assert.ok(facts.cpus >= 1 && facts.memory > 1e8);
      assert.notEqual(facts.os.id, '');
      assert.ok(!facts.addresses.includes('127.0.0.1'));
      assert.ok(Math.abs(facts.clockSkewMs) < 5000);
      assert.equal(facts.user, 'root');
    });

    it('connects from the host to somewhere', async (t) => {
      const server = createServer((socket) => socket.pipe(socket)).listen(0, running.here);
      await once(server, 'listening');
      t.after(() => server.close());
      const connection = await host.forward(running.here, (server.address() as AddressInfo).port);
      connection.write('hello');
      assert.equal(String((await once(connection, 'data'))[0]), 'hello');
      connection.destroy();
    });
  });
}

function contentOf(bytes: Buffer): UploadContent {
  return {
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    size: bytes.length,
    open: (offset) => Readable.from([bytes.subarray(offset)], { objectMode: false }),
  };
}

/** Waits until no process of the host has the mark among its words. */
async function untilGone(host: Host, mark: string): Promise<void> {
  const program = `
for folder in /proc/[0-9]*; do
  words=$(tr '\\0' ' ' < "$folder/cmdline") 2> /dev/null
  case $words in "sleep $1 ") echo "$folder" ;; esac
done
exit 0
`;
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { stdout } = await host.exec({ argv: ['sh', '-c', program, 'sh', mark] });
    if (stdout === '') return;
    assert.ok(Date.now() < deadline, `still there: ${stdout}`);
    await sleep(100);
  }
}
