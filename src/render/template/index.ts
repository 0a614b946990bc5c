/** Go templates, without Go. Pure: no files, no environment, no tools. */

export { renderTemplate } from './render-template.ts';
