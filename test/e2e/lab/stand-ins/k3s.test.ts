import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LabHost } from '../../../lab/hosts/index.ts';
import { needsAskedStandIns, podOnEveryNode, put, type Rig, servedNames, sh, startRig, until } from './rig.ts';

const PAUSE = 'docker.io/rancher/mirrored-pause:3.1';
const CONFIG = '/etc/rancher/k3s/config.yaml';

describe('the stand-in for k3s is a cluster, and refuses what k3s refuses', { skip: needsAskedStandIns() }, () => {
  let rig: Rig;
  let token: string;
  before(async () => {
    rig = await startRig('k3s', PAUSE, '/var/lib/rancher/k3s/agent/images');
    await rig.install(rig.hosts, 'v1.20.2+k3s1');
    for (const host of rig.hosts.slice(0, 3)) await unit(host, 'k3s', 'server');
    await unit(rig.hosts[3], 'k3s-agent', 'agent');
  });
  after(() => rig?.[Symbol.asyncDispose]());

  it('a first server is ready when its unit has started, and soon its node', async () => {
    const [first] = rig.hosts;
    await put(first, CONFIG, 'cluster-init: true\ntoken: secret\n');
    const since = performance.now();
    await first.exec(['systemctl', 'start', 'k3s']);
    assert.match(await sh(first, 'k3s kubectl get --raw /readyz'), /^ok/);
    await ready(first, first, 'v1.20.2+k3s1');
    console.log(`# ready in ${Math.round(performance.now() - since)} ms`);
    token = (await sh(first, 'cat /var/lib/rancher/k3s/server/token')).trim();
    assert.match(token, /^K10[0-9a-f]{64}::server:secret$/);
  });

  it('a server that is unlike the first, or does not know the token, is refused', async () => {
    const [first, second] = rig.hosts;
    const server = `server: https://${first.address}:6443\n`;
    await put(second, CONFIG, `${server}token: wrong\n`);
    assert.match(await refusal(second), /401 Unauthorized/);
    await put(second, CONFIG, `${server}token: secret\ncluster-cidr: 10.50.0.0/16\n`);
    assert.match(await refusal(second), /critical configuration value mismatch/);
    await put(second, CONFIG, `${server}token: ${token.replace(/^K10.{4}/, 'K100000')}\n`);
    assert.match(await refusal(second), /token CA hash does not match the Cluster CA certificate hash/);
  });

  it('two servers join as members of etcd, and an agent; pods run on all', async () => {
    const [first, second, third, fourth] = rig.hosts;
    for (const host of [second, third]) {
      await put(host, CONFIG, `server: https://${first.address}:6443\ntoken: ${token}\n`);
      await host.exec(['systemctl', 'start', 'k3s']);
    }
    await put(fourth, CONFIG, `server: https://${first.address}:6443\ntoken: ${token}\nnode-label: [a=b]\n`);
    await fourth.exec(['systemctl', 'start', 'k3s-agent']);
    for (const host of rig.hosts) await ready(first, host, 'v1.20.2+k3s1');
    assert.equal((await members(first)).length, 3);
    await first.exec(['k3s', 'kubectl', 'apply', '-f', '-'], { input: podOnEveryNode(PAUSE) });
    await until(first, 'k3s kubectl get pods --no-headers | grep -cw Running', /^4$/m);
  });

  it('an agent of another password cannot have the name of a node', async () => {
    const [, , , fourth] = rig.hosts;
    await sh(
      fourth,
      'systemctl stop k3s-agent; cp /etc/rancher/node/password /root/; echo x >/etc/rancher/node/password',
    );
    await fourth.exec(['systemctl', 'start', '--no-block', 'k3s-agent']);
    await until(fourth, 'journalctl -u k3s-agent -n 5', /Node password rejected/);
    await sh(fourth, 'cp /root/password /etc/rancher/node/; systemctl restart k3s-agent');
  });

  it('a name added to one server is soon in the certificate of all', async () => {
    const [first, second] = rig.hosts;
    await put(second, `${CONFIG}.d/san.yaml`, 'tls-san: [api.example.test]\n');
    await second.exec(['systemctl', 'restart', 'k3s']);
    await until(second, 'k3s kubectl get --raw /readyz', /^ok/);
    for (let i = 0; i < 100 && !(await servedNames(first.address)).includes('api.example.test'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    for (const host of [first, second]) assert.match(await servedNames(host.address), /DNS:api\.example\.test/);
  });

  it('another program and a restart are an upgrade, under which containers go on', async () => {
    const [first, second] = rig.hosts;
    const shims = "pgrep -f '/containerd-shim-runc-v2 ' | sort | head -n 1";
    const before = await sh(second, shims);
    await rig.install([second], 'v1.20.3+k3s1');
    await second.exec(['systemctl', 'restart', 'k3s']);
    await ready(first, second, 'v1.20.3+k3s1');
    assert.match(await sh(second, 'k3s --version'), /^k3s version v1\.20\.3\+k3s1 /);
    assert.equal(await sh(second, shims), before);
  });

  it('an annotated server leaves etcd, and joins anew when it is started again', async () => {
    const [first, , third] = rig.hosts;
    await first.exec(['k3s', 'kubectl', 'annotate', 'node', third.name, 'etcd.k3s.cattle.io/remove=true']);
    const annotations = `k3s kubectl get node ${third.name} -o jsonpath={.metadata.annotations}`;
    await until(first, annotations, /etcd\.k3s\.cattle\.io\/removed-node-name/);
    await third.exec(['systemctl', 'stop', 'k3s']);
    await first.exec(['k3s', 'kubectl', 'delete', 'node', third.name]);
    assert.equal((await members(first)).length, 2);
    await third.exec(['systemctl', 'start', 'k3s']);
    await ready(first, third, 'v1.20.2+k3s1');
    assert.equal((await members(first)).length, 3);
  });
});

async function unit(host: LabHost, name: string, role: string): Promise<void> {
  const lines = ['Type=notify', 'KillMode=process', 'Delegate=yes', 'TasksMax=infinity', 'TimeoutStartSec=0'];
  const service = [...lines, 'Restart=always', 'RestartSec=5s', `ExecStart=/usr/local/bin/k3s ${role}`].join('\n');
  await put(host, `/etc/systemd/system/${name}.service`, `[Service]\n${service}\n`, '644');
  await host.exec(['systemctl', 'daemon-reload']);
}

async function ready(server: LabHost, node: LabHost, version: string): Promise<void> {
  const wanted = new RegExp(`^${node.name} +Ready .*${version.replaceAll(/[.+]/g, '\\$&')}$`, 'm');
  await until(server, 'k3s kubectl get nodes --no-headers', wanted);
}

async function refusal(host: LabHost): Promise<string> {
  return await sh(host, 'systemctl start k3s && echo started; journalctl -u k3s -n 6 --no-pager; systemctl stop k3s');
}

/** As joining servers ask for them. */
async function members(server: LabHost): Promise<readonly unknown[]> {
  const ca = '/var/lib/rancher/k3s/server/tls/server-ca.crt';
  const answer: unknown = JSON.parse(
    await sh(server, `curl -s --cacert ${ca} -u server:secret https://127.0.0.1:6443/db/info`),
  );
  assert.ok(typeof answer === 'object' && answer !== null && 'members' in answer && Array.isArray(answer.members));
  return answer.members;
}
