/** The flags that say which hosts there are and how they are reached. */

import { type Command, Option } from 'commander';
import { collect, collectList, collectPairs, under } from '../flags.ts';
import { readCount } from './values.ts';

/** How hosts are reached. */
export interface SshFlags {
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly key?: string | undefined;
  readonly passwordStdin?: boolean | undefined;
  readonly jump?: string | undefined;
  readonly knownHosts?: readonly string[] | undefined;
  readonly fingerprint?: readonly string[] | undefined;
  readonly acceptNewHostKeys?: boolean | undefined;
  readonly parallel?: number | undefined;
  readonly logDir?: string | undefined;
}

/** Where hosts come from. */
export interface ProviderFlags {
  readonly provider?: 'ssh' | 'container' | undefined;
  /** Of hosts that are containers. */
  readonly hostImage?: string | undefined;
}

/** Hosts by role. */
export interface RoleFlags {
  readonly masters?: string | undefined;
  readonly nodes?: string | undefined;
}

/** Which cluster is meant, for commands that work on one that is there. */
export interface TargetFlags {
  readonly clusterfile?: string | undefined;
  readonly clusterHost?: string | undefined;
  readonly name?: string | undefined;
  readonly dataRoot?: string | undefined;
}

/** What a cluster is made with, beside its hosts. */
export interface ClusterSettingFlags {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly apps?: string | undefined;
  readonly cmd?: readonly string[] | undefined;
}

/** Declares how hosts are reached. */
export function withSsh(command: Command): Command {
  return under('Hosts over SSH:', command, () =>
    command
      .option('-u, --user <name>', 'who logs in to the hosts; sudo makes root of him (default: root)')
      .option('--port <port>', 'the port of SSH (default: 22)', readCount)
      .option('--key <file>', 'the private key (default: the agent, then the usual files in ~/.ssh)')
      .option('--password-stdin', 'read the password of SSH and sudo from standard input (or SEALER_SSH_PASSWORD)')
      .option(
        '--jump <user@host:port>',
        'reach the hosts through another one; several, separated by commas',
        collectList,
      )
      .option(
        '--known-hosts <file>',
        'the host keys that are trusted (repeatable; default: ~/.ssh/known_hosts)',
        collect,
      )
      .option('--fingerprint <[host=]SHA256:…>', 'trust the host key with this fingerprint (repeatable)', collect)
      .option(
        '--accept-new-host-keys',
        'learn the keys of hosts that are not known yet; changed ones are refused as ever',
      )
      .option('--parallel <count>', 'hosts at work at the same time (default: 32)', readCount)
      .option('--log-dir <folder>', 'where what the hosts say is kept (default: ~/.local/state/sealer/logs)'),
  );
}

/** Declares hosts by role. */
export function withRoles(command: Command, what: string): Command {
  return command
    .option(
      '-m, --masters <hosts>',
      `masters ${what}: addresses, ranges (10.0.0.2-10.0.0.4), user@host:port; or how many containers (repeatable)`,
      collectList,
    )
    .option('-n, --nodes <hosts>', `nodes ${what}, written the same way (repeatable)`, collectList);
}

/** Declares where hosts come from. */
export function withProvider(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--provider <kind>',
        'what the hosts are: machines (ssh), or containers of this machine, made for it; default: containers where no host is named',
      ).choices(['ssh', 'container']),
    )
    .option(
      '--host-image <image>',
      'of hosts that are containers (default: SEALER_HOST_IMAGE, else ghcr.io/sealer/host:v1)',
    );
}

/** Declares how a cluster that is there is named. */
export function withTarget(command: Command): Command {
  return withProvider(command)
    .option('-f, --clusterfile <file>', 'the Clusterfile of the cluster; its hosts and ssh settings are used')
    .option('--cluster-host <host>', 'any master of the cluster; it remembers everything else')
    .option('--name <cluster>', 'the name of the cluster (default: my-cluster, or the only one on the host)')
    .option('--data-root <folder>', 'where clusters keep their files on the hosts (default: /var/lib/sealer)');
}

/** Declares what a cluster is made with. */
export function withSettings(command: Command): Command {
  return command
    .option('-e, --env <KEY=VALUE>', 'environment of templates, commands and plugins (repeatable)', collectPairs)
    .option(
      '--apps <names>',
      "which apps to launch, separated by commas, instead of the image's own choice",
      collectList,
    )
    .option('--cmd <command>', "what to launch instead of the image's own commands (repeatable)", collect);
}
