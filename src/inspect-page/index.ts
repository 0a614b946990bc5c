/** `sealer inspect --html`: an image as one page that needs nothing but a browser. */

export { type GatherOptions, gatherPage, type NamedDescriptor } from './gather.ts';
export type { PageModel } from './model.ts';
export { type PageAssets, pageAssets } from './page-assets.ts';
export { renderPage } from './render-page.ts';
