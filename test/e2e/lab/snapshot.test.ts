import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LabEngine, labEngine } from '../../lab/engine.ts';
import {
  compareSnapshots,
  type LabHost,
  type LabHosts,
  labHosts,
  needsHosts,
  type Snapshot,
  snapshotHost,
} from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';

/** A change of each kind, how it is told, and how it is undone. */
const CHANGES: readonly {
  readonly what: string;
  readonly make: string;
  readonly told: RegExp;
  readonly undo: string;
}[] = [
  { what: 'a file', make: 'echo x >/etc/new', told: /^file \/etc\/new: new/m, undo: 'rm /etc/new' },
  {
    what: "a file's content, with size and time as before",
    make: 'cp -p /etc/issue /tmp/i; sed "s/D/E/" /tmp/i >/etc/issue; touch -r /tmp/i /etc/issue',
    told: /^content \/etc\/issue: was/m,
    undo: 'cat /tmp/i >/etc/issue; rm /tmp/i',
  },
  { what: 'a mode', make: 'chmod 600 /etc/issue', told: /^file \/etc\/issue: was/m, undo: 'chmod 644 /etc/issue' },
  { what: 'an owner', make: 'chown ops /etc/issue', told: /^file \/etc\/issue: was/m, undo: 'chown root /etc/issue' },
  { what: 'a link', make: 'ln -s x /usr/local/bin/y', told: /link to x/, undo: 'rm /usr/local/bin/y' },
  {
    what: 'a folder on the other disk',
    make: 'mkdir /var/lib/x',
    told: /^file \/var\/lib\/x: new/m,
    undo: 'rmdir /var/lib/x',
  },
  {
    what: 'a user',
    make: 'useradd guest',
    told: /content \/etc\/passwd/,
    undo: 'userdel guest; for f in passwd group shadow gshadow subuid subgid; do rm -f /etc/$f-; done; cp -a /tmp/users/* /etc/',
  },
  {
    what: 'a network device',
    make: 'ip link add lab9 type bridge',
    told: /^link lab9: new/m,
    undo: 'ip link del lab9',
  },
  {
    what: 'an address',
    make: 'ip addr add 10.9.9.9/32 dev lo',
    told: /^address lo 10.9.9.9\/32: new/m,
    undo: 'ip addr del 10.9.9.9/32 dev lo',
  },
  {
    what: 'a route',
    make: 'ip route add 10.9.0.0/16 dev eth0',
    told: /^route 10.9.0.0\/16 /m,
    undo: 'ip route del 10.9.0.0/16',
  },
  {
    what: 'a namespace',
    make: 'ip netns add n',
    told: /^netns n: new/m,
    undo: 'ip netns del n; umount /run/netns 2>/dev/null; true',
  },
  {
    what: 'a rule of iptables',
    make: 'iptables -t nat -N LAB; iptables -t nat -A LAB -j RETURN',
    told: /^iptables nat -A LAB/m,
    undo: 'iptables -t nat -F LAB; iptables -t nat -X LAB',
  },
  {
    what: 'a policy',
    make: 'iptables -P FORWARD DROP',
    told: /^iptables filter :FORWARD DROP: new/m,
    undo: 'iptables -P FORWARD ACCEPT',
  },
  {
    what: 'a table of nftables',
    make: 'nft add table inet lab',
    told: /^nftables inet lab/m,
    undo: 'nft delete table inet lab',
  },
  {
    what: 'a unit and its enablement',
    make: 'printf "[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n" >/etc/systemd/system/x.service; systemctl enable -q --now x',
    told: /^unit x.service: new \(active\)$[\s\S]*^unit-file x.service: new \(enabled\)/m,
    undo: 'systemctl disable -q --now x; rm /etc/systemd/system/x.service; systemctl daemon-reload',
  },
  {
    what: 'a unit that is stopped',
    make: 'systemctl stop ssh',
    told: /^unit ssh.service: gone \(active\)/m,
    undo: 'systemctl start ssh',
  },
  { what: 'a mount', make: 'mount -t tmpfs none /mnt', told: /^mount \/mnt: new/m, undo: 'umount /mnt' },
  {
    what: 'a port and a process',
    make: '(exec setsid socat TCP-LISTEN:7777,fork /dev/null >/dev/null 2>&1 </dev/null &) ; until ss -Hlnt | grep -q 7777; do sleep 0.05; done',
    told: /^port tcp [^ ]*:7777[^\n]*\n^process .*socat/m,
    undo: 'pkill -x socat; while pgrep -x socat; do sleep 0.05; done',
  },
  {
    what: 'a sysctl',
    make: 'sysctl -qw net.ipv4.conf.all.route_localnet=1',
    told: /^sysctl net.ipv4.conf.all.route_localnet: was 0, is 1/m,
    undo: 'sysctl -qw net.ipv4.conf.all.route_localnet=0',
  },
  {
    what: 'a host name',
    make: 'hostname other',
    told: /^hostname name: was host-1, is other/m,
    undo: 'hostname host-1',
  },
  {
    what: 'a control group',
    make: 'mkdir /sys/fs/cgroup/memory/kubepods 2>/dev/null || mkdir /sys/fs/cgroup/unified/kubepods',
    told: /^cgroup .*kubepods: new/m,
    undo: 'rmdir /sys/fs/cgroup/*/kubepods',
  },
];

describe('a snapshot of a host', { skip: unlessLong(needsHosts()) }, () => {
  let engine: LabEngine;
  let lab: LabHosts;
  let host: LabHost;
  let clean: Snapshot;
  before(async () => {
    const started = await labEngine();
    if (started.skip !== false) throw new Error(started.skip);
    engine = started;
    lab = await labHosts(engine, { count: 1 });
    const [first] = lab.hosts;
    assert.ok(first);
    host = first;
    await host.exec([
      'sh',
      '-c',
      'mkdir /tmp/users; cp -a /etc/passwd* /etc/group* /etc/shadow* /etc/gshadow* /etc/sub?id* /tmp/users',
    ]);
    clean = await snapshotHost(host);
  });
  after(async () => {
    await lab?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  it('is the same as long as nobody does anything, also after a reboot', async () => {
    assert.deepEqual(compareSnapshots(clean, await snapshotHost(host)), []);
    await host.exec(['cp', '-a', '/tmp/users', '/var/tmp/users']);
    await host.reboot();
    await host.exec(['cp', '-a', '/var/tmp/users', '/tmp/users']);
    assert.deepEqual(compareSnapshots(clean, await snapshotHost(host)), []);
  });

  for (const { what, make, told, undo } of CHANGES) {
    it(`notices ${what}, and that it was undone`, async () => {
      await host.exec(['sh', '-c', make]);
      assert.match(compareSnapshots(clean, await snapshotHost(host)).join('\n'), told);
      await host.exec(['sh', '-c', undo]);
      assert.deepEqual(compareSnapshots(clean, await snapshotHost(host)), []);
    });
  }
});
