/** What a plan is made of. Plain data: it is printed, put into a summary, written as JSON, and carried out in this order. */

/** What a step may do to what runs already. */
export type Risk =
  /** Nothing that runs is touched. */
  | 'none'
  /** Something is restarted or moved; the cluster and its apps go on. */
  | 'low'
  /** Pods are moved away from a host, or a control plane restarts. */
  | 'disruptive'
  /** What is removed does not come back by itself; it has to be confirmed. */
  | 'destructive';

export type StepKind =
  | 'names'
  | 'distribute'
  | 'configure'
  | 'plugins'
  | 'push'
  | 'registry'
  | 'prepare'
  | 'mirror'
  | 'init'
  | 'upgrade'
  | 'join-master'
  | 'join-nodes'
  | 'certificates'
  | 'delete-nodes'
  | 'delete-master'
  | 'reset'
  | 'clean'
  | 'node-settings'
  | 'launch'
  | 'wait';

export interface Step {
  /** Unique in its plan, and the same in the plan of a rerun: `join-master 10.0.0.3`. */
  readonly id: string;
  readonly kind: StepKind;
  /** What is done, as one would say it: `Join 10.0.0.3 as a master`. */
  readonly title: string;
  /** Addresses, in the order in which they are worked on. */
  readonly hosts: readonly string[];
  /** Why: what is different now. */
  readonly reason: string;
  readonly risk: Risk;
  /** What will cross the runner's link at most, in bytes, where that can be told. */
  readonly bytes?: number | undefined;
  /** Of `plugins`: which phase. Of `launch`: which app, or `commands`. */
  readonly detail?: string | undefined;
}

export interface Plan {
  /** Of the cluster. */
  readonly cluster: string;
  /** The image, as the user named it, and its manifest's digest. */
  readonly image: { readonly name: string; readonly digest: string; readonly kubeVersion?: string | undefined };
  readonly runtime: string;
  /** Empty: everything is as it should be. */
  readonly steps: readonly Step[];
  /** Worth knowing before it is carried out. */
  readonly warnings: readonly string[];
}
