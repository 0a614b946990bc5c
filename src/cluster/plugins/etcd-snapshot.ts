/** ETCD: a snapshot, copied to where the plugin wants it on master0. */

import type { PluginSpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import type { PluginCall } from './context.ts';
import { pluginFailed, pluginInvalid } from './failure.ts';

/** A folder gets a file named as the snapshot is. The copy appears under its name when it is complete. */
const COPY = `
set -eu
umask 077
target=$2
case "$target" in */) mkdir -p "$target" ;; *) mkdir -p "$(dirname "$target")" ;; esac
if test -d "$target"; then target=\${target%/}/\${1##*/}; fi
cp "$1" "$target.new"
mv "$target.new" "$target"
echo "$target"
`;

export async function takeSnapshot(call: PluginCall): Promise<readonly string[]> {
  const { context, spec, signal } = call;
  const master0 = context.hosts.find(({ isMaster0 }) => isMaster0)?.host;
  if (context.snapshot === undefined || master0 === undefined) {
    throw pluginFailed(call, 'the cluster', 'there is no cluster to take a snapshot of');
  }
  const target = snapshotTarget(spec);
  if (target !== undefined && 'mistake' in target) throw pluginInvalid(call, target.mistake, target.hint);
  const path = await context.snapshot();
  if (target === undefined) return [`${path} on ${master0.label}`];
  try {
    const { stdout } = await master0.exec({ argv: ['sh', '-c', COPY, 'sealer', path, target.path], signal });
    return [`${stdout.trim()} on ${master0.label}`];
  } catch (cause) {
    context.signal.throwIfAborted();
    const isFailure = cause instanceof SealerError && cause.code === 'COMMAND_FAILED';
    throw isFailure ? pluginFailed(call, master0.label, cause.message, [], cause) : cause;
  }
}

/** Where the snapshot goes: the data, or with sealer v0.8 what `on` says. Undefined: it stays where it is. */
export function snapshotTarget({
  data,
  on,
}: Pick<PluginSpec, 'data' | 'on'>):
  | { readonly path: string }
  | { readonly mistake: string; readonly hint: string }
  | undefined {
  const path = data.trim() || on.find((each) => each.startsWith('/'));
  if (path === undefined || path === '') return undefined;
  if (path.startsWith('/') && !/[\n\0]/.test(path)) return { path };
  return { mistake: `"${path.slice(0, 100)}" is no absolute path`, hint: 'Write a path such as /backup/etcd.db.' };
}
