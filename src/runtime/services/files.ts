/** The files that make a service: its unit or script, and the link by which it starts with the host. */

import { SealerError } from '../../error.ts';
import type { FootprintFile } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { openrcScript } from './openrc-script.ts';
import type { ServiceSpec } from './spec.ts';
import { systemdUnit } from './systemd-unit.ts';

/** Init systems that services can be made for. */
export type Init = 'systemd' | 'openrc';

/**
 * Which init system a host has.
 * @throws SealerError HOST_UNFIT
 */
export async function initOf(host: Host): Promise<Init> {
  const { init } = await host.facts();
  if (init === 'unknown') {
    throw new SealerError(
      'HOST_UNFIT',
      `${host.label} has neither systemd nor OpenRC: nothing could keep a service running`,
      {
        hint: 'Use a host that was booted with systemd or OpenRC.',
      },
    );
  }
  return init;
}

/** What `systemctl enable` and `rc-update add` would make is among them as a link: so it goes with the footprint. */
export function serviceFiles(init: Init, spec: ServiceSpec): readonly FootprintFile[] {
  const { file, link } = servicePaths(init, spec.name);
  const content = init === 'systemd' ? systemdUnit(spec) : openrcScript(spec);
  return [
    { path: file, mode: init === 'systemd' ? 0o644 : 0o755, content },
    { path: link, mode: 0o777, content: { linkTo: file } },
  ];
}

/** Where the files of a service lie. */
export function servicePaths(init: Init, name: string): { readonly file: string; readonly link: string } {
  return init === 'systemd'
    ? {
        file: `/etc/systemd/system/${name}.service`,
        link: `/etc/systemd/system/multi-user.target.wants/${name}.service`,
      }
    : { file: `/etc/init.d/${name}`, link: `/etc/runlevels/default/${name}` };
}
