import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { type ServiceSpec, serviceFiles } from '../../../../src/runtime/services/index.ts';

const K3S: ServiceSpec = {
  name: 'k3s',
  description: 'Lightweight Kubernetes',
  argv: ['/usr/local/bin/k3s', 'server', '--x=a b', "it's 100% $HOME"],
  env: { A: 'b c', PLAIN: '1' },
  environmentFiles: ['/etc/rancher/k3s/k3s.env'],
  type: 'notify',
  after: ['sealer-registry'],
  killMode: 'process',
  delegate: true,
  limits: { files: 1048576, processes: 'infinity', core: 'infinity', tasks: 'infinity' },
  preStart: [['/sbin/modprobe', 'br_netfilter']],
  startTimeoutSeconds: 0,
};

describe('files of services', () => {
  it('are a unit and the link that enables it, with systemd', () => {
    assert.deepEqual(serviceFiles('systemd', K3S), [
      {
        path: '/etc/systemd/system/k3s.service',
        mode: 0o644,
        content: `# Written by sealer.
[Unit]
Description=Lightweight Kubernetes
Wants=network-online.target
After=network-online.target sealer-registry.service
StartLimitIntervalSec=0

[Service]
Type=notify
Environment="A=b c"
Environment=PLAIN=1
EnvironmentFile=-/etc/rancher/k3s/k3s.env
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStart=/usr/local/bin/k3s server "--x=a b" "it's 100%% $$HOME"
Restart=always
RestartSec=5s
TimeoutStartSec=0
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`,
      },
      {
        path: '/etc/systemd/system/multi-user.target.wants/k3s.service',
        mode: 0o777,
        content: { linkTo: '/etc/systemd/system/k3s.service' },
      },
    ]);
  });

  it('are a script and its link in the default runlevel, with OpenRC', () => {
    const [script, link] = serviceFiles('openrc', K3S);
    assert.deepEqual(link, { path: '/etc/runlevels/default/k3s', mode: 0o777, content: { linkTo: '/etc/init.d/k3s' } });
    assert.equal(script?.mode, 0o755);
    assert.equal(
      script?.content,
      `#!/sbin/openrc-run
# Written by sealer.
description='Lightweight Kubernetes'
supervisor=supervise-daemon
command='/usr/local/bin/k3s'
command_args=''\\''server'\\'' '\\''--x=a b'\\'' '\\''it'\\''\\'\\'''\\''s 100% $HOME'\\'''
pidfile='/run/k3s.pid'
output_log='/var/log/k3s.log'
error_log='/var/log/k3s.log'
respawn_delay=5
respawn_max=0
rc_ulimit='-n 1048576 -u unlimited -c unlimited'

export A='b c'
export PLAIN='1'
if [ -r /etc/rancher/k3s/k3s.env ]; then set -a; . /etc/rancher/k3s/k3s.env; set +a; fi

depend() {
    after network-online
    want cgroups
    after sealer-registry
}

start_pre() {
    '/sbin/modprobe' 'br_netfilter' || true
}
`,
    );
  });

  it('give a shell that evaluates the script, as OpenRC does, the words as they were', () => {
    const [script] = serviceFiles('openrc', K3S);
    const text = typeof script?.content === 'string' ? script.content : '';
    const printed = execFileSync('/bin/sh', ['-c', `${text}\neval printf '%s\\\\n' $command_args`], {
      encoding: 'utf8',
    });
    assert.deepEqual(printed.trimEnd().split('\n'), K3S.argv.slice(1));
  });

  for (const [what, change, why] of [
    ['a name with a slash', { name: '../k3s' }, /no name for a service/],
    ['a second line in a command', { argv: ['/bin/true', 'a\nExecStartPost=/bin/evil'] }, /command .* is one line/],
    ['a second line in a description', { description: 'a\nType=oneshot' }, /description is one line/],
    ['a second line in a variable', { env: { A: 'a\nb' } }, /variable is one line/],
    ['a program without its folder', { argv: ['true'] }, /no absolute path/],
    ['an environment file with a quote', { environmentFiles: ["/etc/a'b"] }, /no path for an environment file/],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.throws(() => serviceFiles('systemd', { ...K3S, ...change }), why);
      assert.throws(() => serviceFiles('openrc', { ...K3S, ...change }), why);
    });
  }
});
