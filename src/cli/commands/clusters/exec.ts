/** `sealer exec` and `sealer cp` */

import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { KnownCluster } from '../../../cluster/index.ts';
import { isSystemError, SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { inParallel } from '../../../parallel.ts';
import { withSsh, withTarget } from '../../clusters/host-flags.ts';
import { type OnKnownFlags, onKnown } from '../../clusters/on-known.ts';
import type { CliContext } from '../../context.ts';
import { withJson, withRegistry, withStore } from '../../flags.ts';
import { printResult } from '../../print.ts';

interface Flags extends OnKnownFlags {
  readonly roles?: string | undefined;
  readonly hosts?: string | undefined;
}

/** Declares `sealer exec`. */
export function execCommand(context: CliContext): Command {
  return declare(new Command('exec'))
    .description('Run a command as root on the hosts of a cluster, all at once.')
    .argument('<command...>', 'the program and its arguments; no shell is between')
    .addHelpText(
      'after',
      `
Examples:
  sealer exec --cluster-host 10.0.0.2 -- systemctl is-active kubelet
  sealer exec --cluster-host 10.0.0.2 --roles node -- sh -c 'df -h / | tail -1'

Fails if it fails anywhere; what each host said is printed either way.`,
    )
    .action(async (argv: string[], flags: Flags) => {
      const [program, ...rest] = argv;
      if (program === undefined) return;
      const results = await onKnown(context, flags, 'sealer exec', async (known, world) => {
        const hosts = await chosen(known, flags);
        return await inParallel(hosts, world.parallel, async (host) => {
          const command = { argv: [program, ...rest] as const, allowFailure: true, signal: world.signal };
          const { code, stdout, stderr } = await host.exec(command);
          return { host: host.address, code, stdout, stderr };
        });
      });
      printResult(context, flags, results, () =>
        results.map(({ host, code, stdout, stderr }) => describe(host, code, `${stdout}${stderr}`)).join('\n'),
      );
      const failed = results.filter(({ code }) => code !== 0).map(({ host }) => host);
      if (failed.length > 0) throw new SealerError('COMMAND_FAILED', `${program} failed on ${failed.join(', ')}`);
    });
}

/** Declares `sealer cp`. */
export function cpCommand(context: CliContext): Command {
  return declare(new Command('cp'))
    .description('Copy a file to the hosts of a cluster, or from one of them.')
    .argument('<source>', 'a file here, or HOST:/path')
    .argument('<target>', 'an absolute path on the hosts, or a file here')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer cp --cluster-host 10.0.0.2 ca.crt /etc/ssl/ca.crt\n  sealer cp --cluster-host 10.0.0.2 10.0.0.3:/var/log/syslog syslog',
    )
    .action(async (source: string, target: string, flags: Flags) => {
      const [, from, path] = /^([^/]+):(\/.*)$/.exec(source) ?? [];
      const hosts = await onKnown(context, flags, 'sealer cp', async (known, world) => {
        if (from !== undefined && path !== undefined) return await fetchFile(known, from, path, target);
        return await sendFile(await chosen(known, flags), source, target, world);
      });
      printResult(context, flags, { source, target, hosts }, () =>
        flags.quiet === true ? '' : `copied (${hosts.join(', ')})`,
      );
    });
}

async function fetchFile(known: KnownCluster, from: string, path: string, target: string): Promise<readonly string[]> {
  const host = [...known.masters, ...known.nodes].find(({ address }) => address === from);
  if (host === undefined) throw noMember(from, known);
  const content = await host.read(path);
  if (content === undefined) throw new SealerError('SOURCE_NOT_FOUND', `There is no file ${path} on ${host.label}`);
  await pipeline(content, createWriteStream(target));
  return [host.address];
}

async function sendFile(
  hosts: readonly Host[],
  source: string,
  target: string,
  { parallel, signal }: { readonly parallel: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  if (!target.startsWith('/')) {
    throw new SealerError('USAGE', `${target} is no absolute path`, { hint: 'On hosts, paths begin with a slash.' });
  }
  const stats = await stat(source).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT', 'EACCES')) {
      throw new SealerError('SOURCE_NOT_FOUND', `${source} cannot be read`, { cause: error });
    }
    throw error;
  });
  if (!stats.isFile())
    throw new SealerError('SOURCE_NOT_FOUND', `${source} is no file`, { hint: 'Pack a folder with tar first.' });
  await inParallel(hosts, parallel, (host) =>
    host.write(target, createReadStream(source), { mode: stats.mode & 0o777, signal }),
  );
  return hosts.map(({ address }) => address);
}

function declare(command: Command): Command {
  return withStore(withRegistry(withJson(withTarget(withSsh(command)))))
    .option('-r, --roles <roles>', 'only hosts with one of these roles: master, node, or your own')
    .option('--hosts <hosts>', 'only these hosts');
}

async function chosen(known: KnownCluster, flags: Flags): Promise<readonly Host[]> {
  const { parseHostList } = await import('../../../clusterfile/index.ts');
  const all = [...known.masters, ...known.nodes];
  if (flags.hosts !== undefined) {
    return parseHostList(flags.hosts).hosts.map(({ address }) => {
      const host = all.find((each) => each.address === address);
      if (host === undefined) throw noMember(address, known);
      return host;
    });
  }
  if (flags.roles === undefined) return all;
  const roles = flags.roles.split(',').map((role) => role.trim());
  const specs = new Map(known.clusterfile.cluster.hosts.map((spec) => [spec.address, spec.roles]));
  return all.filter(({ address }) => specs.get(address)?.some((role) => roles.includes(role)) === true);
}

function noMember(address: string, { saved, masters, nodes }: KnownCluster): SealerError {
  const members = [...masters, ...nodes].map((host) => host.address).join(', ');
  return new SealerError('USAGE', `${address} is no member of ${saved.name}`, { hint: `Its members are ${members}.` });
}

function describe(host: string, code: number | undefined, output: string): string {
  const lines = output.split('\n').filter((line) => line !== '');
  return [
    `${host}${code === 0 ? '' : ` (exit code ${code ?? 'none: killed'})`}`,
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}
