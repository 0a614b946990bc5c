/** The page as HTML: what is the same for every image, the image's data as JSON, and the script that shows it. */

import { createHash } from 'node:crypto';
import { escapeHtml, jsonForScript } from './escape.ts';
import type { PageModel } from './model.ts';
import { pageAssets } from './page-assets.ts';

/** One HTML document. Nothing in it is loaded from anywhere, and its policy lets nothing be. */
export async function renderPage(model: PageModel): Promise<string> {
  const { script, style } = await pageAssets();
  // Nothing that an image says can become a script: only these two texts run or style anything.
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const title = escapeHtml(model.name);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>${style}</style>
</head>
<body>
<a class="skip" href="#contents">Skip to the contents</a>
<header class="masthead" id="top">
<p class="kicker">Cluster image</p>
<h1 dir="ltr">${wrappable(title)}</h1>
<noscript><p>${escapeHtml(model.digest)}: this page shows the rest by its own script, which is switched off.</p></noscript>
</header>
<nav class="sections" aria-label="Sections"></nav>
<main></main>
<footer></footer>
<script type="application/json" id="image">${jsonForScript(model)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Three layers, in a colour that both schemes have. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22%3E' +
  '%3Cg fill=%22%23c2562f%22%3E%3Crect y=%2211%22 width=%2216%22 height=%224%22 rx=%221%22/%3E' +
  '%3Crect x=%222%22 y=%226%22 width=%2212%22 height=%224%22 rx=%221%22/%3E' +
  '%3Crect x=%225%22 y=%221%22 width=%226%22 height=%224%22 rx=%221%22/%3E%3C/g%3E%3C/svg%3E';

/** CSP level 2, source-list: the digest of the text between the tags. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** A long name breaks where its parts end. */
function wrappable(escaped: string): string {
  return escaped.replace(/[/:@]/g, '$&<wbr>');
}
