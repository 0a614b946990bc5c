/** containerd's config.toml (containerd docs/cri/config.md): version 2 for containerd 1.x, version 3 from 2.0 on. */

import { quote } from '../../mirrors/index.ts';
import { MIRRORS } from '../places.ts';
import { mergeToml, pathOf, readToml, type TomlTables, writeToml } from './toml.ts';

export interface ContainerdSettings {
  /** Of containerd. */
  readonly major: number;
  readonly usesSystemdCgroup: boolean;
  /** The bundled one; undefined: containerd's default. */
  readonly pauseImage: string | undefined;
  /** A container may not lower its own score of being killed. */
  readonly isContainer: boolean;
  /** The image's etc/containerd.toml; its settings win. */
  readonly extra: string | undefined;
}

/**
 * The complete file. Tables of the extra settings that are written for the other version of the file are taken as they are:
 * containerd ignores what it does not know.
 * @throws SealerError IMAGE_UNFIT for extra settings that we cannot read
 */
export function containerdConfig(settings: ContainerdSettings): string {
  const own = settings.major >= 2 ? versionThree(settings) : versionTwo(settings);
  const extra = settings.extra === undefined ? new Map() : readToml(settings.extra, "the image's etc/containerd.toml");
  const version = new Map([['', new Map([['version', settings.major >= 2 ? '3' : '2']])]]);
  return `# Written by sealer.\n${writeToml(mergeToml(mergeToml(own, extra), version))}`;
}

function versionTwo({ usesSystemdCgroup, pauseImage, isContainer }: ContainerdSettings): TomlTables {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return tables({
    [cri]: {
      ...(pauseImage === undefined ? {} : { sandbox_image: quote(pauseImage) }),
      ...(isContainer ? { restrict_oom_score_adj: 'true' } : {}),
    },
    [`${cri}.registry`]: { config_path: quote(MIRRORS) },
    [`${cri}.containerd.runtimes.runc`]: { runtime_type: '"io.containerd.runc.v2"' },
    [`${cri}.containerd.runtimes.runc.options`]: { SystemdCgroup: String(usesSystemdCgroup) },
  });
}

function versionThree({ usesSystemdCgroup, pauseImage, isContainer }: ContainerdSettings): TomlTables {
  const [images, runtime] = ['plugins."io.containerd.cri.v1.images"', 'plugins."io.containerd.cri.v1.runtime"'];
  return tables({
    ...(pauseImage === undefined ? {} : { [`${images}.pinned_images`]: { sandbox: quote(pauseImage) } }),
    [`${images}.registry`]: { config_path: quote(MIRRORS) },
    ...(isContainer ? { [runtime]: { restrict_oom_score_adj: 'true' } } : {}),
    [`${runtime}.containerd.runtimes.runc`]: { runtime_type: '"io.containerd.runc.v2"' },
    [`${runtime}.containerd.runtimes.runc.options`]: { SystemdCgroup: String(usesSystemdCgroup) },
  });
}

function tables(record: Readonly<Record<string, Readonly<Record<string, string>>>>): TomlTables {
  return new Map(Object.entries(record).map(([path, table]) => [pathOf(path), new Map(Object.entries(table))]));
}
