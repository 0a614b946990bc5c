import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { openSetting } from './setting.ts';

/** Until so many bytes of a download are on the disk. */
async function hasArrived(root: string, bytes: number): Promise<void> {
  for (;;) {
    const names = await readdir(join(root, 'cache/downloads')).catch(() => []);
    const partial = names.find((name) => name.endsWith('.partial'));
    if (partial !== undefined && (await stat(join(root, 'cache/downloads', partial))).size >= bytes) return;
    await setImmediate();
  }
}

interface Site extends AsyncDisposable {
  readonly url: string;
  readonly requests: string[];
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Site> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(
      `${request.method} ${request.url} ${request.headers.range ?? request.headers['if-none-match'] ?? ''}`.trim(),
    );
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('ADD of a URL is fetched once and asked about afterwards; with a checksum it is not even asked about', async () => {
  await using setting = await openSetting();
  await using site = await serve((request, response) => {
    if (request.headers['if-none-match'] === '"1"') return void response.writeHead(304).end();
    response.writeHead(200, { etag: '"1"' }).end('hello');
  });
  const kubefile = `FROM scratch\nADD ${site.url}/dir/file.txt?token=1 /a/\nADD ${site.url}/dir/file.txt /b\n`;
  const first = await setting.build({ Kubefile: kubefile });
  assert.deepEqual(await setting.files(first), { a: '755/', 'a/file.txt': 'hello', b: 'hello' });
  assert.equal(first.fetchedBytes, 10);
  const again = await setting.build({});
  assert.equal(again.fetchedBytes, 0);
  assert.deepEqual(site.requests.slice(2), ['GET /dir/file.txt?token=1 "1"', 'GET /dir/file.txt "1"']);
  const checksum = createHash('sha256').update('hello').digest('hex');
  await setting.build({ Kubefile: `FROM scratch\nADD --checksum=sha256:${checksum} ${site.url}/dir/file.txt /b\n` });
  assert.equal(site.requests.length, 4);
});

test('a wrong checksum, an error page and a redirect to elsewhere are refused without the query of the URL', async () => {
  await using setting = await openSetting();
  await using site = await serve((request, response) => {
    if (request.url?.startsWith('/gone') === true) return void response.writeHead(404).end();
    if (request.url?.startsWith('/away') === true)
      return void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    response.end('hello');
  });
  const add = (text: string) => setting.build({ Kubefile: `FROM scratch\nADD ${text} /b\n` });
  await assert.rejects(
    add(`--checksum=sha256:${'0'.repeat(64)} ${site.url}/x?secret=1`),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CHECKSUM_MISMATCH');
      return !error.message.includes('secret');
    },
  );
  await assert.rejects(add(`${site.url}/gone`), { code: 'DOWNLOAD_FAILED' });
  await assert.rejects(add(`${site.url}/away`), { code: 'UNSAFE_REDIRECT' });
});

test('a download that breaks off goes on where it stopped', async () => {
  await using setting = await openSetting();
  const content = Buffer.alloc(300_000, 'x');
  let isFirst = true;
  await using site = await serve((request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (isFirst) {
      isFirst = false;
      response.writeHead(200, { etag: '"1"', 'content-length': content.length });
      response.write(content.subarray(0, 100_000));
      void hasArrived(setting.store.root, 100_000).then(() => response.destroy());
      return;
    }
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response.writeHead(start > 0 ? 206 : 200, { etag: '"1"', 'content-length': content.length - start, ...range });
    response.end(content.subarray(start));
  });
  const result = await setting.build({ Kubefile: `FROM scratch\nADD ${site.url}/f /f\n` });
  assert.equal((await setting.files(result)).f, content.toString());
  assert.match(site.requests[1] ?? '', /bytes=\d{4,}-$/);
});

/** Breaks off the first answer in the middle; what follows is for others to say. */
async function serveBroken(
  root: string,
  content: Buffer,
  answer: (start: number, response: ServerResponse) => void,
): Promise<Site> {
  let isFirst = true;
  return await serve((request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (!isFirst) return answer(start, response);
    isFirst = false;
    response.writeHead(200, { etag: '"1"', 'content-length': content.length });
    response.write(content.subarray(0, 100_000));
    void hasArrived(root, 100_000).then(() => response.destroy());
  });
}

test('a download does not go on with the rest of another version, though the server offers it', async () => {
  await using setting = await openSetting();
  const [old, now] = [Buffer.alloc(300_000, 'x'), Buffer.alloc(300_000, 'y')];
  await using site = await serveBroken(setting.store.root, old, (start, response) => {
    // As servers do that do not know If-Range.
    const range = { 'content-range': `bytes ${start}-${now.length - 1}/${now.length}` };
    response.writeHead(start > 0 ? 206 : 200, { etag: '"2"', 'content-length': now.length - start, ...range });
    response.end(now.subarray(start));
  });
  const result = await setting.build({ Kubefile: `FROM scratch\nADD ${site.url}/f /f\n` });
  assert.ok((await setting.files(result)).f === now.toString(), 'it is the new version, whole');
});

test('a part that is not the whole rest is gone on behind, not taken for the end', async () => {
  await using setting = await openSetting();
  const content = Buffer.alloc(300_000, 'x');
  await using site = await serveBroken(setting.store.root, content, (start, response) => {
    const end = Math.min(start + 120_000, content.length);
    const range = { 'content-range': `bytes ${start}-${end - 1}/${content.length}` };
    response.writeHead(206, { etag: '"1"', 'content-length': end - start, ...range }).end(content.subarray(start, end));
  });
  const result = await setting.build({ Kubefile: `FROM scratch\nADD ${site.url}/f /f\n` });
  assert.equal((await setting.files(result)).f?.length, content.length);
});

test('ADD unpacks local archives by their content, COPY does not', { skip: needs('tar', 'zstd') }, async () => {
  await using setting = await openSetting();
  const from = join(setting.path, 'from');
  writeFiles(from, { 'd/a': 'a', 'd/b': '#!/bin/sh' }, ['d/b']);
  await runTool('ln', [join(from, 'd/a'), join(from, 'd/hard')]);
  for (const [name, flag] of [
    ['plain', '--format=gnu'],
    ['gzip', '-z'],
    ['zstd', '--zstd'],
  ] as const) {
    await runTool('tar', ['-C', from, flag, '-cf', join(setting.context, name), 'd']);
  }
  const result = await setting.build({
    Kubefile: 'FROM scratch\nADD plain gzip zstd text.gz /x/\nCOPY gzip /y/\n',
    'text.gz': 'no archive',
  });
  const files = await setting.layer(result, 0);
  assert.equal(files['x/d/a'], 'a');
  assert.equal(files['x/d/hard'], 'hardlink x/d/a');
  assert.equal(files['x/d/b mode'], '755');
  assert.equal(files['x/text.gz'], 'no archive');
  assert.deepEqual(
    Object.keys(await setting.layer(result, 1)).filter((name) => !name.endsWith('mode')),
    ['y', 'y/gzip'],
  );
  for (const name of ['gzip', 'zstd']) {
    const one = await setting.build({ Kubefile: `FROM scratch\nADD ${name} /\n` });
    assert.equal((await setting.files(one))['d/a'], 'a');
  }
});

test('heredocs become files, variables in them replaced unless quoted', async () => {
  await using setting = await openSetting();
  const kubefile =
    'FROM scratch\nENV A=1\nCOPY <<one <<"two" /d/\n$A\none\n$A\ntwo\nCOPY --chmod=755 <<EOF /bin/x\n#!/bin/sh\nEOF\n';
  const result = await setting.build({ Kubefile: kubefile });
  const { bin: _, d: __, ...files } = await setting.files(result);
  assert.deepEqual(files, { 'd/one': '1\n', 'd/two': '$A\n', 'bin/x': '#!/bin/sh\n', 'bin/x mode': '755' });
});
