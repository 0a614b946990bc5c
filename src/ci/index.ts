/** What the command line uses of a workflow: annotations. The actions have entries of their own. */

export { type AnnotationPaths, annotationLine } from './annotations.ts';
