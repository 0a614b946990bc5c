/** What a stage inherits from an image: files, environment, labels, apps and launch. */

import { parseExtension } from '../../cluster-image/index.ts';
import type { Place } from '../../error.ts';
import type { HistoryEntry } from '../../oci/image-config.ts';
import type { Platform } from '../../oci/platform.ts';
import type { App, AppKind } from '../instructions/app-kind.ts';
import type { LayerKind } from '../options.ts';
import { type BaseImage, emptyState, type StageLayer, type StageState } from './state.ts';

const KINDS: readonly AppKind[] = ['helm', 'kube', 'kustomize', 'shell'];

/**
 * The state of a stage right after its FROM.
 * @param at the FROM, where inherited apps are said to come from
 */
export function stateOnBase(base: BaseImage, platform: Platform, target: Platform, at: Place): StageState {
  const { config, manifest } = base;
  const extension = parseExtension(manifest);
  const applications = extension?.applications ?? [];
  return {
    ...emptyState(platform, target),
    base,
    layers: manifest.layers.map((descriptor, i) => inheritedLayer(base, descriptor, i)),
    history: historyOf(base),
    env: new Map([...Object.entries(extension?.env ?? {}), ...(config.config?.Env ?? []).map(splitPair)]),
    labels: new Map(Object.entries(config.config?.Labels ?? {})),
    apps: new Map(
      applications.map(({ name, type, files, env, cmds }) => {
        const app: App = {
          name,
          kind: KINDS.find((kind) => kind === type) ?? '',
          files,
          env: new Map(Object.entries(env)),
          valueSets: [],
          commands: cmds,
          at,
          isInherited: true,
        };
        return [name, app];
      }),
    ),
    launch: { apps: extension?.launch.app_names ?? [], commands: extension?.launch.cmds ?? [] },
    workdir: config.config?.WorkingDir || '/',
    author: config.author,
  };
}

function inheritedLayer({ config, name }: BaseImage, descriptor: StageLayer['descriptor'], i: number): StageLayer {
  const diffId = config.rootfs.diff_ids[i] ?? descriptor.digest;
  return { descriptor, diffId, kind: kindOf(descriptor), createdBy: `FROM ${name}`, cached: true, origins: {} };
}

function kindOf({ annotations }: StageLayer['descriptor']): LayerKind {
  const kind = annotations?.['sealer.layer'];
  return kind === 'app' || kind === 'images' ? kind : 'rootfs';
}

/** Readers count on one entry that is not empty for each layer; images whose history says otherwise get a plain one. */
function historyOf({ config, manifest, name }: BaseImage): HistoryEntry[] {
  const history = config.history ?? [];
  if (history.filter((entry) => entry.empty_layer !== true).length === manifest.layers.length) return [...history];
  return manifest.layers.map(() => ({ created_by: `FROM ${name}` }));
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}
