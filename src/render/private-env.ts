/** The environment in which helm and kubectl run: nothing of the user's configuration, and no network. */

import { join } from 'node:path';

/** Nothing listens on port 1; what a tool asks the network for fails at once and says so. */
const NOWHERE = 'http://127.0.0.1:1';

/**
 * What helm (`helm env`) and kustomize read, all of it below a private folder that need not exist.
 * @param home absolute path
 */
export function privateEnv(home: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    PATH: join(home, 'bin'),
    TMPDIR: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    HELM_PLUGINS: join(home, 'plugins'),
    HELM_NO_PLUGINS: '1',
    KUBECONFIG: join(home, 'kubeconfig'),
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    ALL_PROXY: NOWHERE,
    NO_COLOR: '1',
  };
}
