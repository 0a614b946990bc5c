/**
 * The corpus of `test/fixtures/discovery`: one folder a case, with `rootfs/` and what is to be found in it.
 *
 * `expected` has a line for each finding (`certain|possible NAME FILE[:LINE]`) and problem (`problem CODE FILE[:LINE]`),
 * sorted; `#` says what the case is about. `options.json`, `sealer.yaml` and `.sealignore` are optional. After a change
 * that is meant, `SEALER_UPDATE_CORPUS=1` writes what is found, to be read before it is committed.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import {
  type AppValues,
  chooseDiscoverable,
  discover,
  type ImageList,
  parseRules,
} from '../../../src/discover/index.ts';
import { formatPlace, type Place, type Problem } from '../../../src/error.ts';
import { formatReference } from '../../../src/oci/reference.ts';
import { createRenderer, type Renderer } from '../../../src/render/index.ts';

const CORPUS = join(import.meta.dirname, '../../fixtures/discovery');
const TOOLS = new Set(['HELM_NOT_FOUND', 'KUBECTL_NOT_FOUND']);

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly apps?: Readonly<Record<string, AppValues>>;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly imageLists?: readonly ImageList[];
  readonly ignored?: readonly ImageList[];
}

const scratch = await mkdtemp(join(tmpdir(), 'sealer-corpus-'));
after(() => rm(scratch, { recursive: true, force: true }));
const renderer = makeRenderer();

for (const name of readdirSync(CORPUS).sort()) {
  test(`corpus: ${name}`, async (t) => {
    const folder = join(CORPUS, name);
    const expected = readFileSync(join(folder, 'expected'), 'utf8');
    const found = await search(folder);
    const lacking = found.problems.find(({ code }) => TOOLS.has(code) && !expected.includes(code));
    if (lacking !== undefined) {
      t.skip(lacking.message);
      return;
    }
    const comments = expected.split('\n').filter((line) => line.startsWith('#'));
    const text = [...comments, ...found.lines, ''].join('\n');
    if (process.env.SEALER_UPDATE_CORPUS === '1') writeFileSync(join(folder, 'expected'), text);
    else assert.equal(text, expected);
  });
}

test('the corpus has the forty cases that it promises', () => {
  assert.ok(readdirSync(CORPUS).length >= 40);
});

async function search(folder: string): Promise<{ lines: readonly string[]; problems: readonly Problem[] }> {
  const rootfs = join(folder, 'rootfs');
  const all = readdirSync(rootfs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(rootfs, join(entry.parentPath, entry.name)))
    .sort();
  const wanted = chooseDiscoverable(all);
  const files = new Map([...wanted].map((path) => [path, readFileSync(join(rootfs, path))]));
  const options: Options = JSON.parse(readIfThere(join(folder, 'options.json')) ?? '{}');
  const rules = parseRules(readIfThere(join(folder, 'sealer.yaml')) ?? '', 'sealer.yaml');
  const ignored = readIfThere(join(folder, '.sealignore'));
  const { findings, problems } = await discover(files, {
    ...options,
    apps: new Map(Object.entries(options.apps ?? {})),
    rules: rules.rules,
    ignoreFile: ignored === undefined ? undefined : { file: '.sealignore', text: ignored },
    renderer,
  });
  const lines = [
    ...findings.map(({ certainty, reference, at }) => `${certainty} ${formatReference(reference)} ${lineOf(at)}`),
    ...[...rules.problems, ...problems].map(({ code, at }) => `problem ${code} ${at === undefined ? '-' : lineOf(at)}`),
  ];
  return { lines: lines.sort(), problems };
}

function lineOf({ file, line }: Place): string {
  return formatPlace(line === undefined ? { file } : { file, line });
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function makeRenderer(): Renderer {
  return createRenderer({
    env: process.env,
    toolsFolder: join(scratch, 'tools'),
    scratch: async (label) => {
      const path = await mkdtemp(join(scratch, `${label}-`));
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    },
  });
}
