/** Problems as annotations: workflow commands that GitHub shows on the line of the file. */

import { isAbsolute, relative, resolve } from 'node:path';
import type { Problem } from '../error.ts';

export interface AnnotationPaths {
  /** What relative places are relative to. */
  readonly cwd: string;
  /** The checked-out repository, which annotations name files relative to. */
  readonly workspace: string | undefined;
}

/**
 * One workflow command, without its line end: `::error file=…,line=…,col=…,title=…::message`.
 * Source of the format: actions/toolkit, `packages/core/src/command.ts`.
 */
export function annotationLine(
  { severity = 'error', code, message, hint, at }: Problem,
  paths: AnnotationPaths = { cwd: process.cwd(), workspace: process.env.GITHUB_WORKSPACE },
): string {
  const properties = [
    ...(at === undefined ? [] : [`file=${escapeProperty(workspacePath(at.file, paths))}`]),
    ...(at?.line === undefined ? [] : [`line=${at.line}`]),
    ...(at?.line === undefined || at.column === undefined ? [] : [`col=${at.column}`]),
    `title=${escapeProperty(`sealer: ${code}`)}`,
  ];
  return `::${severity} ${properties.join(',')}::${escapeData(hint === undefined ? message : `${message}\n${hint}`)}`;
}

function workspacePath(file: string, { cwd, workspace }: AnnotationPaths): string {
  if (workspace === undefined || workspace === '') return file;
  const path = relative(workspace, resolve(cwd, file));
  return path.startsWith('..') || isAbsolute(path) ? file : path.replaceAll('\\', '/');
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
