import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { escapeHtml, jsonForScript } from '../../../src/inspect-page/escape.ts';
import { pageAssets, renderPage } from '../../../src/inspect-page/index.ts';
import { model } from './sample-model.ts';

const HOSTILE = '</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> `${x}` | " \' \n \u2028 \ud800';

suite('the page', () => {
  test('says that nothing may be loaded, and lets only its own script and style run', async () => {
    const page = await renderPage(model());
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    assert.match(policy, /^default-src 'none'; /);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    const hash = (text: string) => createHash('sha256').update(text).digest('base64');
    const { script, style } = await pageAssets();
    assert.ok(policy.includes(`script-src 'sha256-${hash(script)}'`));
    assert.ok(policy.includes(`style-src 'sha256-${hash(style)}'`));
    assert.ok(page.includes(`<script>${script}</script>`) && page.includes(`<style>${style}</style>`));
    assert.ok(
      page.indexOf('Content-Security-Policy') < page.indexOf('<style>'),
      'a policy counts from where it stands',
    );
  });

  test('names no address, has no style or handler attributes, and ends where it ends', async () => {
    const page = await renderPage(model());
    const { script, style } = await pageAssets();
    const markup = page.replace(script, '').replace(style, '');
    assert.doesNotMatch(markup, /\s(?:style|on\w+)=|<iframe|<object|<base/i);
    const addresses = (page.match(/https?:\/\/[^\s"'%)]+/g) ?? []).filter(
      (each) => each !== 'http://www.w3.org/2000/svg',
    );
    assert.deepEqual(addresses, []);
    assert.doesNotMatch(script, /\bfetch\(|XMLHttpRequest|WebSocket|import\(|eval\(|innerHTML|new Function/);
    assert.doesNotMatch(script + style, /<\/(?:script|style)|@import|url\(/i);
  });

  test('cannot be broken out of by any name', async () => {
    const hostile = model({
      name: HOSTILE,
      facts: [[HOSTILE, HOSTILE]],
      layers: [
        { digest: HOSTILE, size: 1, kind: HOSTILE, createdBy: HOSTILE, content: [{ n: HOSTILE, s: 1, l: HOSTILE }] },
      ],
      weights: [{ group: HOSTILE, name: HOSTILE, bytes: 1 }],
    });
    const page = await renderPage(hostile);
    assert.equal(page.match(/<script/g)?.length, 2, 'the data and the script');
    assert.equal(page.match(/<\/script/g)?.length, 2);
    assert.doesNotMatch(page, /<img|<!--/);
    const json = /<script type="application\/json" id="image">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    assert.deepEqual(JSON.parse(json), hostile);
  });

  test('escapes text for markup and for a script', () => {
    assert.equal(escapeHtml(`<a href="x" b='y'>&`), '&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;');
    assert.equal(jsonForScript({ a: '</SCRIPT><!--' }), '{"a":"\\u003c/SCRIPT>\\u003c!--"}');
  });

  test('of an image is the same to the byte each time', async () => {
    assert.equal(await renderPage(model()), await renderPage(model()));
  });
});
