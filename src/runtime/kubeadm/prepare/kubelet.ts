/** The kubelet as a service (kubernetes/release, cmd/krel/templates: kubelet.service and 10-kubeadm.conf). */

import type { ServiceSpec } from '../../services/index.ts';
import { COMMAND_ENV, KUBELET, KUBELET_CONF } from '../places.ts';

/** kubeadm writes the flags of a host into a file of variables; a shell makes words of them on both kinds of init system. */
const COMMAND =
  `exec ${KUBELET} --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=${KUBELET_CONF}` +
  ' --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS';

/** It ends again and again until kubeadm has written its configuration: so only kubeadm starts it. */
export const KUBELET_SERVICE: ServiceSpec = {
  name: 'kubelet',
  description: 'kubelet: The Kubernetes Node Agent',
  argv: ['/bin/sh', '-c', COMMAND],
  env: { PATH: COMMAND_ENV.PATH },
  environmentFiles: ['/var/lib/kubelet/kubeadm-flags.env', '/etc/default/kubelet', '/etc/sysconfig/kubelet'],
  type: 'exec',
  after: ['containerd'],
  killMode: 'process',
  restartSeconds: 5,
};
