/** The Clusterfile that a command line means, and the cluster that it means. */

import { readFile } from 'node:fs/promises';
import type { ClusterTarget } from '../../cluster/index.ts';
import {
  type Clusterfile,
  type ClusterfileFlags,
  clusterfileFromFlags,
  DEFAULT_DATA_ROOT,
  mergeFlags,
  parseClusterfile,
} from '../../clusterfile/index.ts';
import { isSystemError, type Problem, SealerError } from '../../error.ts';
import type { Report } from '../../progress.ts';
import { formatCount } from '../../units.ts';
import type { CliContext } from '../context.ts';
import { engineOfCluster, knownHosts } from './container-hosts.ts';
import type { ClusterSettingFlags, ProviderFlags, RoleFlags, SshFlags, TargetFlags } from './host-flags.ts';
import type { HostSecrets, OpenWorld } from './open-world.ts';

export type ClusterInputFlags = ClusterSettingFlags & ProviderFlags & RoleFlags & SshFlags & TargetFlags;

/** What flags say of a cluster, in the words of Clusterfiles. */
export function toClusterfileFlags(flags: ClusterInputFlags, secrets: HostSecrets, image?: string): ClusterfileFlags {
  const { masters, nodes, user, port, key, jump, name, dataRoot, cmd } = flags;
  return {
    ...{ image, masters, nodes, user, port, key, name, dataRoot, cmd, ...secrets },
    sshJump: jump,
    env: Object.entries(flags.env ?? {}).map(([variable, value]) => `${variable}=${value}`),
    apps: flags.apps
      ?.split(',')
      .map((app) => app.trim())
      .filter((app) => app !== ''),
  };
}

/**
 * The Clusterfile of a file with the flags over it, or of the flags alone.
 * @throws SealerError CLUSTERFILE_NOT_FOUND; CLUSTERFILE_INVALID with every mistake
 */
export async function readClusterfile(
  { env }: Pick<CliContext, 'env'>,
  flags: ClusterInputFlags,
  rest: { readonly secrets: HostSecrets; readonly image?: string | undefined; readonly report: Report },
): Promise<Clusterfile> {
  const asked = toClusterfileFlags(flags, rest.secrets, rest.image);
  if (flags.clusterfile === undefined) return clusterfileFromFlags(asked);
  const text = await readText(flags.clusterfile);
  const { clusterfile, problems } = parseClusterfile(text, flags.clusterfile, { env, values: flags.env });
  for (const problem of problems.filter(isMild)) tell(problem, rest.report);
  if (clusterfile === undefined) {
    const errors = problems.filter((problem) => !isMild(problem));
    throw new SealerError(
      'CLUSTERFILE_INVALID',
      `${flags.clusterfile} has ${formatCount(errors.length, 'mistake')}; each is listed`,
      {
        problems: errors,
      },
    );
  }
  return mergeFlags(clusterfile, asked);
}

/**
 * The cluster that a command is about.
 * @throws SealerError USAGE if nothing says which; what `readClusterfile` throws
 */
export async function readTarget(
  context: Pick<CliContext, 'env'>,
  flags: SshFlags & TargetFlags,
  rest: { readonly secrets: HostSecrets; readonly report: Report; readonly engine?: OpenWorld['engine'] },
): Promise<ClusterTarget> {
  const { user, port, key, jump, name } = flags;
  const ssh = {
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(key === undefined ? {} : { privateKey: key }),
    ...(jump === undefined ? {} : { jump }),
    ...rest.secrets,
  };
  if (rest.engine !== undefined && flags.clusterHost === undefined) {
    const named = flags.clusterfile === undefined ? undefined : await readClusterfile(context, flags, rest);
    const known = await knownHosts(await engineOfCluster(rest.engine), name ?? named?.cluster.name);
    const dataRoot = flags.dataRoot ?? named?.cluster.dataRoot ?? DEFAULT_DATA_ROOT;
    const { cluster } = clusterfileFromFlags({ masters: known.masters });
    return { hosts: cluster.hosts, name: known.name, dataRoot, ssh };
  }
  if (flags.clusterHost === undefined && flags.clusterfile === undefined) {
    throw new SealerError('USAGE', 'Which cluster is meant?', {
      hint: 'Name any of its masters (--cluster-host 10.0.0.2), or its Clusterfile (-f).',
    });
  }
  const own = flags.clusterHost === undefined ? {} : { masters: flags.clusterHost, nodes: [] };
  const clusterfile =
    flags.clusterHost === undefined
      ? await readClusterfile(context, flags, rest)
      : clusterfileFromFlags({ ...toClusterfileFlags(flags, rest.secrets), ...own });
  return {
    hosts: clusterfile.cluster.hosts.filter(({ roles }) => roles.includes('master')),
    name: name ?? (flags.clusterfile === undefined ? undefined : clusterfile.cluster.name),
    dataRoot: flags.dataRoot ?? (flags.clusterfile === undefined ? DEFAULT_DATA_ROOT : clusterfile.cluster.dataRoot),
    ssh,
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'EISDIR', 'EACCES', 'ENOTDIR')) throw error;
    throw new SealerError('CLUSTERFILE_NOT_FOUND', `${file} cannot be read`, {
      hint: 'sealer gen writes one.',
      cause: error,
    });
  }
}

function isMild({ severity = 'error' }: Problem): boolean {
  return severity !== 'error';
}

function tell({ message, hint, at, severity }: Problem, report: Report): void {
  report({ type: 'note', level: severity === 'warning' ? 'warning' : 'info', message, hint, at });
}
