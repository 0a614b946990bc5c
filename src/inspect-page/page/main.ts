/** The page of an image: reads its data and shows it. */

import type { PageModel } from '../model.ts';
import { comparisonSection } from './comparison.ts';
import { contentsSection } from './contents.ts';
import { byId, element } from './element.ts';
import { layersSection } from './layers.ts';
import { fillMasthead } from './masthead.ts';
import { treemapSection } from './treemap.ts';

const model: PageModel = JSON.parse(byId('image').textContent ?? '');
const contents = contentsSection(model);
const sections = [
  ...(model.comparison === undefined ? [] : [comparisonSection(model.comparison)]),
  treemapSection(model, contents.search),
  contents.section,
  layersSection(model),
];
fillMasthead(byId('top'), model);
document.querySelector('main')?.append(...sections);
document
  .querySelector('nav')
  ?.append(
    ...sections.map((each) => element('a', { href: `#${each.id}` }, each.querySelector('h2')?.textContent ?? '')),
  );
document
  .querySelector('footer')
  ?.append('Made by ', element('code', {}, 'sealer inspect --html'), '. This page loads nothing and sends nothing.');

document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof Element && event.target.matches('input, select, textarea');
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  contents.section.scrollIntoView();
  byId('search').focus({ preventScroll: true });
});

// On paper everything that can be opened is to be read.
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  contents.showAll();
});
