/** What a Clusterfile asks for, checked and with its defaults filled in. Plain data; it knows no host and no image. */

/** A whole Clusterfile. */
export interface Clusterfile {
  readonly cluster: ClusterSpec;
  readonly configs: readonly ConfigSpec[];
  readonly plugins: readonly PluginSpec[];
  readonly application?: ApplicationSpec | undefined;
  /** Raw kubeadm documents (and what KubeadmConfig holds), by kind: ClusterConfiguration, KubeletConfiguration, … */
  readonly kubeadm: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** K3sConfig: keys of /etc/rancher/k3s/config.yaml. `agent` holds those that only agents get. */
  readonly k3s?: { readonly server: Fields; readonly agent: Fields } | undefined;
  /** k0s's own ClusterConfig. */
  readonly k0s?: Fields | undefined;
  /** Secrets that came out of the environment, by variable: never written; `${NAME}` is, in their place. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface ClusterSpec {
  /** Default: `my-cluster`, as the Go sealer has it. */
  readonly name: string;
  /** The cluster image. */
  readonly image: string;
  readonly env: Env;
  /** One entry per host: addresses are expanded, a host that is named twice has both entries' roles. */
  readonly hosts: readonly HostSpec[];
  readonly registry: RegistrySpec;
  /** Undefined: what the image says. */
  readonly containerRuntime?: string | undefined;
  readonly hostAliases: readonly HostAlias[];
  /** Default: /var/lib/sealer. */
  readonly dataRoot: string;
  /** Replace the image's launch, if there are any. */
  readonly cmd?: readonly string[] | undefined;
  readonly appNames?: readonly string[] | undefined;
}

/** Values by name; a repeated key of the Clusterfile is joined by commas. */
export type Env = Readonly<Record<string, string>>;

export interface HostSpec {
  readonly address: string;
  /** `master`, `node`, and roles of the user's own. A master comes first where a host is both. */
  readonly roles: readonly string[];
  readonly ssh: SshSpec;
  readonly env: Env;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

export interface SshSpec {
  /** Default: root. */
  readonly user: string;
  /** Default: 22. */
  readonly port: number;
  readonly password?: string | undefined;
  /** Path of a private key on this machine. Default: the agent, then the usual files below ~/.ssh. */
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
  /** `user@host:port`, through which the host is reached; several, separated by commas, in order. */
  readonly jump?: string | undefined;
  /** For sudo, if it asks for one. Default: `password`. */
  readonly sudoPassword?: string | undefined;
}

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | '';
  /** `key-`, `key:Effect-`. */
  readonly isRemoval: boolean;
}

export interface HostAlias {
  readonly ip: string;
  readonly hostnames: readonly string[];
}

export type RegistrySpec = LocalRegistrySpec | ExternalRegistrySpec;

/** The cluster's own registry, on its masters. */
export interface LocalRegistrySpec {
  readonly kind: 'local';
  /** Default: sea.hub. */
  readonly domain: string;
  /** Default: 5000. */
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** On every master instead of the first alone. Default: false with fewer than two masters, else true. */
  readonly ha: boolean;
  /** Plain http. */
  readonly insecure: boolean;
  /** More names and addresses for its certificate. */
  readonly sans: readonly string[];
}

/** A registry that is there; the bundled images are pushed into it. */
export interface ExternalRegistrySpec {
  readonly kind: 'external';
  readonly domain: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly insecure: boolean;
  /** PEM of the authorities that vouch for it; undefined: the host's own. */
  readonly ca?: string | undefined;
}

/** A change to one file of the rootfs before it goes to the hosts. */
export interface ConfigSpec {
  readonly name: string;
  /** Relative to the rootfs (or to the app's folder). */
  readonly path: string;
  readonly appName?: string | undefined;
  readonly strategy: 'overwrite' | 'merge';
  /** In the order in which they run. */
  readonly process: readonly ('value' | 'toJson' | 'toBase64' | 'toSecret')[];
  readonly data: string;
  /** Where it was written, for errors. */
  readonly at?: { readonly file: string; readonly line: number } | undefined;
}

/** When a plugin runs, in our own words (sealer v0.11's names); other vocabularies are mapped to these. */
export type Phase =
  | 'pre-install'
  | 'post-install'
  | 'pre-uninstall'
  | 'post-uninstall'
  | 'pre-scaleup'
  | 'post-scaleup'
  | 'upgrade'
  | 'rollback'
  | 'pre-init-host'
  | 'post-init-host'
  | 'pre-clean-host'
  | 'post-clean-host'
  | 'upgrade-host';

export interface PluginSpec {
  readonly name: string;
  /** `SHELL`, `HOSTNAME`, `LABEL`, `TAINT`, `CLUSTERCHECK`, `ETCD`; any other is the name of an executable in plugins/. */
  readonly type: string;
  readonly phases: readonly Phase[];
  /** Roles, `master0`, addresses, ranges or a label selector; empty: the phase's own default. */
  readonly on: readonly string[];
  readonly data: string;
  readonly env: Env;
  /** Default: 10 minutes. */
  readonly timeoutMs: number;
  /** Where it was written, for errors. */
  readonly at: { readonly file: string; readonly line: number };
}

export interface ApplicationSpec {
  readonly cmds?: readonly string[] | undefined;
  /** Undefined: the image's; an empty list: none. */
  readonly launchApps?: readonly string[] | undefined;
  readonly configs: readonly ApplicationConfig[];
}

export interface ApplicationConfig {
  readonly name: string;
  readonly env: Env;
  readonly files: readonly { readonly path: string; readonly strategy: 'overwrite' | 'merge'; readonly data: string }[];
  readonly launchCmds?: readonly string[] | undefined;
}
