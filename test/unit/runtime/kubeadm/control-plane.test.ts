import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../../src/error.ts';
import type { Host } from '../../../../src/hosts/host.ts';
import type { Driver } from '../../../../src/runtime/kubeadm/driver.ts';
import { brokenUpgrade, upgradeControlPlane } from '../../../../src/runtime/kubeadm/upgrade/control-plane.ts';
import { fakeHost } from '../services/fake-host.ts';

const NEW = 'v1.30.3';
const PROGRAM = '/new/kubeadm';

/** A master that kubeadm can upgrade, in a cluster of this version. */
function masterOf(version: string) {
  let clusterVersion = version;
  let isKilled = false;
  const files = new Map<string, string>();
  const fake = fakeHost('systemd', ({ argv }) => {
    if (argv[0] === 'rm') files.delete(argv.at(-1) ?? '');
    if (argv[0] !== PROGRAM) return {};
    for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
      files.set(`/etc/kubernetes/manifests/${name}.yaml`, `image: registry.k8s.io/${name}:${NEW}`);
    clusterVersion = NEW;
    if (isKilled) throw new SealerError('HOST_UNREACHABLE', 'the run was killed');
    return {};
  });
  const host: Host = {
    ...fake,
    readText: async (path) => files.get(path),
    write: async (path, content) => void files.set(path, String(content)),
  };
  const config = () => `kind: ClusterConfiguration\nkubernetesVersion: ${clusterVersion}\n`;
  const driver = {
    ...{ home: '/h', image: { kubeVersion: NEW }, signal: new AbortController().signal, report: () => {} },
    nodeName: () => undefined,
    settings: async () => ({ init: {}, cluster: {}, ignoredChecks: [], apiPort: 6443 }),
    kubectl: async () => ({
      code: 0,
      stdout: JSON.stringify({ data: { ClusterConfiguration: config() } }),
      stderr: '',
    }),
  } as unknown as Driver;
  const ran = () => fake.commands.filter(([program]) => program === PROGRAM).map((argv) => argv.slice(1, 3).join(' '));
  const kill = (killed: boolean): void => {
    isKilled = killed;
  };
  return { host, driver, ran, kill };
}

test('an upgrade that broke off behind the new version is begun anew: CoreDNS and kube-proxy come last', async () => {
  const { host, driver, ran, kill } = masterOf('v1.30.2');
  kill(true);
  await assert.rejects(upgradeControlPlane(driver, host, PROGRAM), { code: 'HOST_UNREACHABLE' });
  assert.equal(await brokenUpgrade(driver, host), 'apply');
  kill(false);
  await upgradeControlPlane(driver, host, PROGRAM);
  assert.deepEqual(ran(), ['upgrade apply', 'upgrade apply']);
  assert.equal(await brokenUpgrade(driver, host), undefined);
});

test('another master follows the first, and goes on where it broke off', async () => {
  const { host, driver, ran, kill } = masterOf(NEW);
  kill(true);
  await assert.rejects(upgradeControlPlane(driver, host, PROGRAM), { code: 'HOST_UNREACHABLE' });
  kill(false);
  await upgradeControlPlane(driver, host, PROGRAM);
  await upgradeControlPlane(driver, host, PROGRAM);
  assert.deepEqual(ran(), ['upgrade node', 'upgrade node']);
});
