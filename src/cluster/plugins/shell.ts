/** SHELL: the data is a script. */

import type { PluginCall, PluginHost } from './context.ts';
import { runOnHost } from './on-host.ts';

/**
 * The script comes through stdin into a file that only root can read: in an argument everybody on the host would see it, and
 * as the shell's own stdin its first `cat` would swallow the rest. Where the cluster has a kubeconfig for its
 * administrator, the script finds it. bash, where there is one: scripts were written for the Go sealer, which gave them to
 * root's login shell.
 */
const RUN = `
umask 077
mkdir -p "$1"
script=$(mktemp "$1/plugin.XXXXXX") || exit 1
trap 'rm -f "$script"' EXIT
trap 'exit 143' HUP INT TERM
cat >"$script"
umask 022
if test -z "\${KUBECONFIG:-}"; then
  for each in /etc/kubernetes/admin.conf /etc/rancher/k3s/k3s.yaml /var/lib/k0s/pki/admin.conf; do
    if test -f "$each"; then export KUBECONFIG="$each"; break; fi
  done
fi
shell=$(command -v bash) || shell=sh
"$shell" "$script" </dev/null
`;

export async function runShell(call: PluginCall, host: PluginHost): Promise<readonly string[]> {
  const { context, spec } = call;
  const argv = ['sh', '-c', RUN, `sealer-plugin-${spec.name}`, `${context.home}/plugins`] as const;
  return runOnHost(call, host, { argv, stdin: `${spec.data}\n` });
}
