/**
 * The balancer of a node: an haproxy in a static pod that listens on loopback and passes connections on to masters that say
 * that they are ready. It is no part of any master, needs no module of the kernel, and each node has its own.
 */

import { createHash } from 'node:crypto';
import { joinHostPort } from '../config/settings.ts';
import { MANIFESTS } from '../places.ts';

export const BALANCER_POD = 'sealer-apiserver-balancer';
export const BALANCER_MANIFEST = `${MANIFESTS}/${BALANCER_POD}.yaml`;

export interface BalancerInput {
  /** Addresses. */
  readonly masters: readonly string[];
  /** Of the API servers. */
  readonly apiPort: number;
  /** Where nodes ask: the endpoint's. */
  readonly port: number;
}

/** Where haproxy's configuration is kept. */
export function balancerConfigPath(home: string): string {
  return `${home}/balancer/haproxy.cfg`;
}

/** The loopback address of the family of the masters. */
export function loopbackOf(masters: readonly string[]): string {
  return masters[0]?.includes(':') === true ? '::1' : '127.0.0.1';
}

/**
 * haproxy's configuration. `/readyz` fails as soon as an API server begins to stop, so it gets no new connections; when it is
 * gone, those that it had are closed, so that watches move on. Where anonymous questions are forbidden, being refused is
 * as good an answer.
 */
export function balancerConfig({ masters, apiPort, port }: BalancerInput): string {
  const servers = masters.map((address, i) => `  server master-${i + 1} ${joinHostPort(address, apiPort)}`);
  return `# Written by sealer.
global
  log stdout format raw local0 warning
  maxconn 4096
defaults
  mode tcp
  log global
  option dontlognull
  option redispatch
  retries 3
  timeout connect 5s
  timeout check 5s
  timeout client 15m
  timeout server 15m
frontend api
  bind ${joinHostPort(loopbackOf(masters), port)}
  default_backend masters
backend masters
  balance leastconn
  option httpchk GET /readyz
  http-check expect rstatus ^(200|401|403)$
  default-server check check-ssl verify none inter 3s fastinter 1s downinter 2s rise 1 fall 2 on-marked-down shutdown-sessions
${servers.join('\n')}
`;
}

/**
 * The static pod. The checksum of the configuration is part of it, so that the kubelet makes a new one when the masters change.
 * @param image the bundled haproxy
 */
export function balancerManifest(image: string, config: string, home: string): string {
  const path = '/usr/local/etc/haproxy/haproxy.cfg';
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: BALANCER_POD,
      namespace: 'kube-system',
      labels: { 'app.kubernetes.io/name': BALANCER_POD, 'app.kubernetes.io/managed-by': 'sealer' },
      annotations: { 'sealer.io/config-checksum': createHash('sha256').update(config).digest('hex') },
    },
    spec: {
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'haproxy',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['haproxy', '-db', '-f', path],
          resources: { requests: { cpu: '10m', memory: '32Mi' } },
          volumeMounts: [{ name: 'config', mountPath: path, readOnly: true }],
        },
      ],
      volumes: [{ name: 'config', hostPath: { path: balancerConfigPath(home), type: 'File' } }],
    },
  };
  return `${JSON.stringify(pod, null, 2)}\n`;
}
