/** An action.yml or a workflow, as the rules look at it. */

import { load } from 'js-yaml';

export type Mapping = Readonly<Record<string, unknown>>;

/** A step with what it inherits. */
export interface PlacedStep {
  readonly step: Mapping;
  readonly inputs: Mapping;
  /** How problems name it. */
  readonly title: string;
  /** What a step without a shell of its own gets, if somebody has said. */
  readonly shell: unknown;
  /** Undefined in an action. */
  readonly job: Mapping | undefined;
}

export interface AuditedFile {
  readonly text: string;
  readonly top: Mapping;
  readonly isWorkflow: boolean;
  /** Names of the events that start it. */
  readonly events: readonly string[];
  readonly jobs: readonly (readonly [id: string, job: Mapping])[];
  readonly steps: readonly PlacedStep[];
  /** Every `uses`, at any depth: of steps, and of jobs that call other workflows. */
  readonly uses: readonly string[];
}

/** Reads an action.yml or a workflow. */
export function readAudited(text: string): AuditedFile {
  const top = asMapping(load(text));
  const isWorkflow = 'jobs' in top;
  const jobs = Object.entries(asMapping(top.jobs)).map(([id, job]) => [id, asMapping(job)] as const);
  const steps = isWorkflow
    ? jobs.flatMap(([, job]) => asList(job.steps).map((step) => place(step, job, shellOf(job) ?? shellOf(top))))
    : asList(asMapping(top.runs).steps).map((step) => place(step, undefined, undefined));
  return { text, top, isWorkflow, events: namesOf(top.on), jobs, steps, uses: usesIn(top) };
}

export function asMapping(value: unknown): Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
}

/** The scripts of a step, whoever runs them. */
export function scriptsOf({ step, inputs }: PlacedStep): readonly string[] {
  return [step.run, inputs.script].filter((each) => each !== undefined).map(String);
}

function asList(value: unknown): readonly Mapping[] {
  return Array.isArray(value) ? value.map(asMapping) : [];
}

function place(step: Mapping, job: Mapping | undefined, shell: unknown): PlacedStep {
  const title = String(step.name ?? step.id ?? step.uses ?? step.run);
  return { step, inputs: asMapping(step.with), title, shell: step.shell ?? shell, job };
}

function shellOf({ defaults }: Mapping): unknown {
  return asMapping(asMapping(defaults).run).shell;
}

function namesOf(on: unknown): readonly string[] {
  if (typeof on === 'string') return [on];
  return Array.isArray(on) ? on.map(String) : Object.keys(asMapping(on));
}

function usesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'uses' && typeof inner === 'string' ? [inner] : usesIn(inner),
  );
}
