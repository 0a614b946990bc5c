/** The configuration that an image brings for its runtime, as far as checks want to know. */

import { loadAll } from 'js-yaml';
import { type Fields, fieldsOf } from '../../../kubernetes/fields.ts';
import type { RuntimeName } from '../../../runtime/runtime.ts';

/** Where it is in the rootfs. */
export const CONFIG_PATHS: Readonly<Record<RuntimeName, string>> = {
  kubeadm: 'etc/kubeadm.yml',
  k3s: 'etc/k3s.yml',
  k0s: 'etc/k0s.yaml',
};

/** Its documents; none where it is no YAML, which the driver will say better. */
export function readImageConfig(text: string | undefined): readonly Fields[] {
  try {
    return loadAll(text ?? '')
      .map(fieldsOf)
      .filter((each) => each !== undefined);
  } catch {
    return [];
  }
}
