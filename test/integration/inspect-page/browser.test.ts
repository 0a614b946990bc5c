/** The page of an image as people use it: in a real browser, with the keyboard. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fileTree } from '../../../src/inspect-page/file-tree.ts';
import { gatherPage, renderPage } from '../../../src/inspect-page/index.ts';
import type { Component } from '../../../src/inspect-page/model.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { startBrowser, type WatchedPage } from '../../lab/browser.ts';
import { PROJECT } from '../../lab/cli.ts';
import { addSampleImage } from '../../lab/sample-image.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { model } from '../../unit/inspect-page/sample-model.ts';

test('the script of the page has the types of a browser', () => {
  const tsc = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc');
  const project = join(PROJECT, 'src', 'inspect-page', 'page');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '-p', project], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

describe('the page of an image in a browser', { skip: needs('chromium') }, () => {
  const resources = new AsyncDisposableStack();
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  let folder: string;
  let url: string;

  before(async () => {
    folder = resources.use(await temporaryFolder('page')).path;
    browser = resources.use(await startBrowser());
    await using store = await Store.open(join(folder, 'store'));
    const against = { name: 'shop:v1', descriptor: await addSampleImage(store, 'v1') };
    const image = { name: 'shop:v2', descriptor: await addSampleImage(store, 'v2') };
    url = await written('shop', await renderPage(await gatherPage(store, image, { against })));
  });
  after(() => resources.disposeAsync());

  async function written(name: string, page: string): Promise<string> {
    const file = join(folder, `${name}.html`);
    await writeFile(file, page);
    return pathToFileURL(file).href;
  }

  /** Texts of all elements that a selector finds and that can be seen. */
  function texts({ page }: WatchedPage, selector: string): Promise<readonly string[]> {
    return page.$$eval(selector, (all) =>
      all.filter((each) => each.checkVisibility()).map((each) => each.textContent?.trim() ?? ''),
    );
  }

  async function focused({ page }: WatchedPage): Promise<string> {
    const name = 'document.activeElement.querySelector(".node-name")?.textContent ?? document.activeElement.id';
    return String(await page.evaluate(name));
  }

  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      test(`loads nothing, complains of nothing, and fits, ${scheme} and ${width} pixels wide`, async () => {
        const watched = await browser.open(url, { scheme, width });
        assert.deepEqual(watched.requests, [url]);
        assert.deepEqual(watched.complaints, []);
        assert.equal(await watched.page.evaluate('document.documentElement.scrollWidth'), width);
        const [paper, ink] = (await watched.page.evaluate(
          '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
        )) as [string, string];
        assert.ok(contrastOf(paper, ink) > 10, `${paper} ${ink}`);
        assert.equal(luminanceOf(paper) > 0.5, scheme === 'light');
        await watched.page.close();
      });
    }
  }

  test('asks nothing of a server but itself, not even an icon', async () => {
    const { createServer } = await import('node:http');
    const { readFile } = await import('node:fs/promises');
    const { fileURLToPath } = await import('node:url');
    const asked: string[] = [];
    const body = await readFile(fileURLToPath(url));
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('content-type', 'text/html').end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const watched = await browser.open(`http://127.0.0.1:${address.port}/page`);
    await watched.page.keyboard.press('/');
    await watched.page.close();
    server.close();
    assert.deepEqual(asked, ['/page']);
    assert.deepEqual(watched.complaints, []);
  });

  test('a slash goes to the search, which narrows the list, and Escape clears it', async () => {
    const watched = await browser.open(url);
    const { page } = watched;
    assert.equal((await texts(watched, 'tbody tr')).length, 6);
    await page.keyboard.press('/');
    assert.equal(await focused(watched), 'search');
    await page.keyboard.type('shop web');
    assert.deepEqual(await texts(watched, 'tbody .name'), ['r.test/shop/web']);
    assert.deepEqual(await texts(watched, '.status'), ['1 of 6']);
    await page.keyboard.type(' zzz');
    assert.deepEqual(await texts(watched, '.status'), ['Nothing like that is inside.']);
    await page.keyboard.press('Escape');
    assert.equal((await texts(watched, 'tbody tr')).length, 6);
    await page.close();
  });

  test('headings sort, chips and the list of apps filter', async () => {
    const watched = await browser.open(url);
    const { page } = watched;
    const names = () => texts(watched, 'tbody .name');
    assert.equal((await names())[0], 'r.test/shop/web', 'the largest first');
    await page.click('.column-name .sort');
    assert.deepEqual((await names()).slice(0, 2), ['r.test/net/cni', 'r.test/shop/api']);
    assert.equal(await page.$eval('.column-name', (th) => th.ariaSort), 'ascending');
    await page.click('.column-name .sort');
    assert.equal((await names())[0], 'tool');
    await page.click('.chips .chip:nth-child(2)');
    assert.equal((await names()).length, 3);
    await page.select('select', '1');
    assert.deepEqual(await names(), ['r.test/shop/web', 'r.test/shop/api']);
    await page.close();
  });

  test('keys go through the tree: open, into it, back, close, jump', async () => {
    const watched = await browser.open(url);
    const { page } = watched;
    const press = async (...keys: readonly ('ArrowDown' | 'ArrowRight' | 'ArrowLeft' | 'End' | 'Home' | 's')[]) => {
      for (const key of keys) await page.keyboard.press(key);
      return await focused(watched);
    };
    assert.equal((await page.$$('[role=tree] [tabindex="0"]')).length, 1, 'one stop for the tab key');
    await page.focus('[role=tree] [tabindex="0"]');
    assert.equal(await focused(watched), 'COPY . .');
    await press('ArrowRight');
    assert.deepEqual(await texts(watched, '[aria-level="2"] > .row .node-name'), ['bin', 'statics', 'etc']);
    assert.equal(await press('ArrowDown', 'ArrowRight', 'ArrowRight'), 'tool');
    assert.match((await texts(watched, '.chosen'))[0] ?? '', /^bin\/tool300 kBsha256:[a-f0-9]{16}…$/);
    assert.equal(await press('ArrowLeft'), 'bin');
    assert.equal(await press('s'), 'statics');
    assert.equal(await press('ArrowLeft', 'ArrowLeft'), 'COPY . .');
    assert.deepEqual(await texts(watched, '[aria-level="2"]'), []);
    assert.match(await press('End'), /^r\.test\//);
    assert.equal(await press('Home'), 'COPY . .');
    await page.close();
  });

  test('a name that is markup is shown as it is', async () => {
    const watched = await browser.open(url);
    await watched.page.focus('[role=tree] [tabindex="0"]');
    for (const key of ['ArrowRight', 'ArrowDown', 'e', '*'] as const) await watched.page.keyboard.press(key);
    assert.ok((await texts(watched, '.node-name')).includes('hostile'));
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight'] as const)
      await watched.page.keyboard.press(key);
    const names = await texts(watched, '.node-name');
    assert.ok(names.includes('<') && names.includes('script><b>&"`|'), names.join('\n'));
    assert.deepEqual(watched.complaints, []);
    await watched.page.close();
  });

  test('boxes of the weights are one stop, arrows go through them, and Enter looks one up', async () => {
    const watched = await browser.open(url);
    const { page } = watched;
    assert.equal((await page.$$('.treemap [tabindex="0"]')).length, 1);
    await page.focus('.treemap [tabindex="0"]');
    assert.match((await texts(watched, '.readout'))[0] ?? '', /^r\.test\/shop\/web:v2 .*, shop$/);
    await page.keyboard.press('ArrowRight');
    assert.match((await texts(watched, '.readout'))[0] ?? '', /^r\.test\/shop\/api:1 /);
    await page.keyboard.press('Enter');
    assert.equal(await focused(watched), 'search');
    assert.deepEqual(await texts(watched, 'tbody .name'), ['r.test/shop/api']);
    const areas = await page.$$eval('.cell', (cells) => cells.map((cell) => cell.clientWidth * cell.clientHeight));
    assert.ok(areas.every((area) => area > 0));
    await page.close();
  });

  test('shows what is new against the other image, and how much has to move', async () => {
    const watched = await browser.open(url);
    const [section = ''] = await texts(watched, '#comparison');
    assert.match(section, /Compared with shop:v1/);
    assert.match(section, /\d+ kB to move/);
    assert.deepEqual(await texts(watched, '#comparison .changed .change-name'), [
      'r.test/shop/web:v1 → v2',
      'shop v1 → v2',
    ]);
    await watched.page.close();
  });

  test('has a heading for each section, a name for each control, and no ID twice', async () => {
    const { page } = await browser.open(url);
    const faults = await page.evaluate(`(() => {
      const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
      const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
      const nameless = [...document.querySelectorAll('button, input, select, a')].filter(
        (each) => !(each.textContent.trim() || each.ariaLabel || each.labels?.length));
      const headless = [...document.querySelectorAll('section')].filter((each) => !each.querySelector('h2'));
      const styled = document.querySelectorAll('[onclick], script[src], link[rel=stylesheet], img, iframe').length;
      return [twice, nameless.length, headless.length, styled];
    })()`);
    assert.deepEqual(faults, [[], 0, 0, 0]);
    await page.close();
  });

  test('of 500 container images and 100,000 files has some megabytes, and opens in seconds', async () => {
    const components = Array.from(
      { length: 500 },
      (_, i): Component => ({
        ...{
          kind: 'image',
          name: `registry.example.com/team-${i % 20}/service-${i}`,
          version: `v1.${i}`,
          license: 'MIT',
        },
        ...{
          app: `app-${i % 20}`,
          digest: `sha256:${'b'.repeat(64)}`,
          size: 1e6 * (i + 1),
          weight: 1e6 * (i + 1),
          place: '',
        },
      }),
    );
    const files = Array.from({ length: 100_000 }, (_, i) => ({
      ...{ path: `usr/lib/${i % 500}/file-${i}.so`, type: 'file' as const, size: i, digest: 'c'.repeat(64) },
    }));
    const weights = components.map(({ app, name, weight }) => ({ group: app, name, bytes: weight }));
    const page = await renderPage(
      model({
        ...{ components, weights, size: weights.reduce((sum, { bytes }) => sum + bytes, 0) },
        layers: [
          {
            digest: `sha256:${'d'.repeat(64)}`,
            size: 9e9,
            kind: 'rootfs',
            createdBy: 'COPY',
            ...fileTree(files, 4_000_000),
          },
        ],
      }),
    );
    assert.ok(Buffer.byteLength(page) < 5_000_000, String(Buffer.byteLength(page)));
    const begin = performance.now();
    const watched = await browser.open(await written('large', page));
    assert.deepEqual(await texts(watched, '.status'), ['500 of 500']);
    await watched.page.focus('[role=tree] [tabindex="0"]');
    for (let i = 0; i < 6; i++) await watched.page.keyboard.press('ArrowRight');
    assert.match(await focused(watched), /^\d+$/);
    assert.ok(performance.now() - begin < 15_000);
    assert.deepEqual(watched.complaints, []);
    await watched.page.close();
  });
});

/** WCAG 2.2, relative luminance, of `rgb(1, 2, 3)`. */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((each) => {
    const value = Number(each) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, contrast ratio. */
function contrastOf(a: string, b: string): number {
  const [light, dark] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}
