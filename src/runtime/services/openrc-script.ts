/** Services as scripts of OpenRC, which supervise-daemon keeps running. */

import { checkSpec, RESTART_SECONDS, type ServiceLimits, type ServiceSpec } from './spec.ts';

/**
 * The content of a script in /etc/init.d.
 * @see https://github.com/OpenRC/openrc/blob/master/supervise-daemon-guide.md
 */
export function openrcScript(spec: ServiceSpec): string {
  checkSpec(spec);
  const { name, description, argv, env = {}, environmentFiles = [], after = [], preStart = [] } = spec;
  const { killMode = 'control-group', limits = {}, restartSeconds = RESTART_SECONDS } = spec;
  const [program, ...words] = argv;
  const ulimit = ulimitOf(limits);
  const lines = [
    '#!/sbin/openrc-run',
    '# Written by sealer.',
    `description=${quoted(description)}`,
    'supervisor=supervise-daemon',
    `command=${quoted(program)}`,
    // OpenRC evaluates it once more: each word keeps quotes of its own.
    `command_args=${quoted(words.map(quoted).join(' '))}`,
    `pidfile=${quoted(`/run/${name}.pid`)}`,
    `output_log=${quoted(openrcLog(name))}`,
    `error_log=${quoted(openrcLog(name))}`,
    `respawn_delay=${restartSeconds}`,
    'respawn_max=0',
    ...(ulimit === '' ? [] : [`rc_ulimit=${quoted(ulimit)}`]),
    ...(killMode === 'process' ? [] : ['rc_cgroup_cleanup=yes']),
    '',
    ...Object.entries(env).map(([variable, value]) => `export ${variable}=${quoted(value)}`),
    ...environmentFiles.map((path) => `if [ -r ${path} ]; then set -a; . ${path}; set +a; fi`),
    '',
    'depend() {',
    '    after network-online',
    '    want cgroups',
    ...after.map((other) => `    after ${other}`),
    '}',
    ...(preStart.length === 0
      ? []
      : ['', 'start_pre() {', ...preStart.map((each) => `    ${each.map(quoted).join(' ')} || true`), '}']),
    '',
  ];
  return lines.join('\n');
}

/** Where the output of a service goes. */
export function openrcLog(name: string): string {
  return `/var/log/${name}.log`;
}

function ulimitOf({ files, processes, core }: ServiceLimits): string {
  const of = (letter: string, limit: number | 'infinity' | undefined): readonly string[] =>
    limit === undefined ? [] : [`-${letter} ${limit === 'infinity' ? 'unlimited' : limit}`];
  return [...of('n', files), ...of('u', processes), ...of('c', core)].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
