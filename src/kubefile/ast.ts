/**
 * What a Kubefile says, with the place of everything. Variables and quotes stand in words as they were written;
 * `expandWord` resolves them when the values are known.
 */

import type { Place } from '../error.ts';

/** A piece of text as written: quotes, escapes and `${variables}` are still in it. */
export interface Word {
  readonly text: string;
  readonly at: Place;
}

/** An inline file: `<<EOF` … `EOF`. */
export interface Heredoc {
  readonly name: string;
  /** Variables in the content are resolved unless the name was quoted. */
  readonly expand: boolean;
  /** Content with leading tabs removed where `<<-` asked for it. Each line ends with a line feed. */
  readonly content: string;
  /** Where its `<<` stands. */
  readonly at: Place;
}

export interface Kubefile {
  readonly file: string;
  readonly escape: '\\' | '`';
  /** ARGs before the first FROM; only FROM lines and re-declaring ARGs see them. */
  readonly globals: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly index: number;
  /** In lower case. */
  readonly name?: string | undefined;
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}

interface Node<Kind extends string> {
  readonly kind: Kind;
  readonly at: Place;
  /** The instruction as written, continuation lines joined, without the content of heredocs; for messages and history. */
  readonly text: string;
}

/**
 * A shell line (run by `/bin/sh -c`) or an argument vector. Heredocs stand in the script as the shell wants them; of a
 * RUN that is one heredoc and nothing else the script is its content, and when that begins with `#!` it is a file to
 * be executed.
 */
export type Command =
  | { readonly form: 'shell'; readonly script: string }
  | { readonly form: 'exec'; readonly argv: readonly string[] };

export type Mount =
  | { readonly type: 'cache'; readonly id?: string | undefined; readonly target: string; readonly readonly: boolean }
  | {
      readonly type: 'secret';
      readonly id: string;
      /** Where the file appears, relative to the rootfs or absolute; default `/run/secrets/<id>`. */
      readonly target?: string | undefined;
      /** Name of an environment variable to hold the secret instead of, or beside, a file. */
      readonly env?: string | undefined;
      readonly required: boolean;
      readonly mode: number;
    };

export interface FromInstruction extends Node<'FROM'> {
  readonly platform?: Word | undefined;
  readonly image: Word;
  /** Name of the stage in lower case: names are compared without letter case. */
  readonly as?: string | undefined;
  readonly asAt?: Place | undefined;
}
export interface CopyInstruction extends Node<'COPY' | 'ADD'> {
  readonly from?: Word | undefined;
  readonly chown?: Word | undefined;
  readonly chmod?: Word | undefined;
  /** ADD of one URL: `sha256:<hex>`. */
  readonly checksum?: Word | undefined;
  readonly sources: readonly (Word | Heredoc)[];
  readonly destination: Word;
}
export interface RunInstruction extends Node<'RUN'> {
  readonly mounts: readonly Mount[];
  /** `--cluster`: the command finds a temporary cluster by KUBECONFIG. */
  readonly onCluster: boolean;
  readonly command: Command;
}
export interface EnvInstruction extends Node<'ENV'> {
  readonly pairs: readonly Pair[];
}
export interface LabelInstruction extends Node<'LABEL'> {
  readonly pairs: readonly Pair[];
}
export interface ArgInstruction extends Node<'ARG'> {
  readonly pairs: readonly { readonly name: string; readonly value?: Word | undefined; readonly at: Place }[];
}
export interface WorkdirInstruction extends Node<'WORKDIR'> {
  readonly path: Word;
}
export interface MaintainerInstruction extends Node<'MAINTAINER'> {
  readonly name: string;
}
/** APP, and CNI and CSI, which are apps that also set a label. */
export interface AppInstruction extends Node<'APP' | 'CNI' | 'CSI'> {
  readonly name: string;
  readonly nameAt: Place;
  /** For an http(s) source: `sha256:<hex>`. */
  readonly checksum?: Word | undefined;
  /** A chart of the chart repository that is the source: `name:version`, where the version may be a range. */
  readonly chart?: Word | undefined;
  /**
   * Values files of the context for a chart: one set for each `--values`, each set's files in the order in which they are
   * laid over each other. The first set is launched; all of them count for what images the chart needs.
   */
  readonly values: readonly (readonly Word[])[];
  readonly sources: readonly Word[];
}
export interface AppEnvInstruction extends Node<'APPENV'> {
  readonly app: string;
  readonly appAt: Place;
  readonly pairs: readonly Pair[];
}
export interface AppCmdsInstruction extends Node<'APPCMDS'> {
  readonly app: string;
  readonly appAt: Place;
  readonly commands: readonly string[];
}
export interface LaunchInstruction extends Node<'LAUNCH'> {
  readonly apps: readonly string[];
  /** Where each of the apps is named. */
  readonly appsAt: readonly Place[];
}
/** CMDS replaces what was there; each CMD appends one command. Exec forms of CMD are kept as a quoted shell line. */
export interface CmdsInstruction extends Node<'CMDS' | 'CMD'> {
  readonly commands: readonly string[];
}
export interface KubeVersionInstruction extends Node<'KUBEVERSION'> {
  readonly constraint: string;
}

/** One of ENV, LABEL or APPENV. The legacy form `ENV name some value` is a pair whose value has blanks. */
export interface Pair {
  readonly name: Word;
  readonly value: Word;
}

export type Instruction =
  | CopyInstruction
  | RunInstruction
  | EnvInstruction
  | LabelInstruction
  | ArgInstruction
  | WorkdirInstruction
  | MaintainerInstruction
  | AppInstruction
  | AppEnvInstruction
  | AppCmdsInstruction
  | LaunchInstruction
  | CmdsInstruction
  | KubeVersionInstruction;
