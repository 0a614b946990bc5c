import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnImage } from '../../../src/rehearsal/own-images.ts';

// As k3s's scripts/airgap/image-list.txt of several versions has them.
const OWN = [
  'docker.io/rancher/mirrored-pause:3.6',
  'docker.io/rancher/pause:3.1',
  'docker.io/rancher/mirrored-coredns-coredns:1.12.3',
  'docker.io/rancher/coredns-coredns:1.6.9',
  'docker.io/rancher/local-path-provisioner:v0.0.31',
  'docker.io/rancher/klipper-helm:v0.9.8-build20250709',
  'docker.io/rancher/klipper-lb:v0.4.13',
  'docker.io/rancher/mirrored-library-busybox:1.36.1',
  'docker.io/rancher/mirrored-library-traefik:3.3.6',
  'docker.io/rancher/library-traefik:1.7.19',
  'docker.io/rancher/mirrored-metrics-server:v0.8.0',
  `docker.io/rancher/mirrored-pause@sha256:${'0'.repeat(64)}`,
  'docker.io/rancher/mirrored-pause',
];

const OTHERS = [
  'docker.io/rancher/rancher:v2.9.0',
  'docker.io/rancher/mirrored-pause-extra:1',
  'docker.io/rancher/local-path-provisioner-ui:1',
  'docker.io/rancher/mirrored-library-nginx:1',
  'docker.io/library/busybox:1.36.1',
  'docker.io/library/traefik:v3',
  'registry.k8s.io/pause:3.10',
  'registry.example.com/docker.io/rancher/mirrored-pause:3.6',
  'quay.io/rancher/mirrored-pause:3.6',
  'docker.io/somebody/rancher/mirrored-pause:3.6',
];

test('what k3s runs itself is its own, in every version, by tag, by digest or without either', () => {
  for (const name of OWN) assert.ok(isOwnImage(name), name);
});

test('what merely has a similar name is an app’s', () => {
  for (const name of OTHERS) assert.ok(!isOwnImage(name), name);
});
