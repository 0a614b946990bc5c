/** Services as units of systemd. */

import { checkSpec, RESTART_SECONDS, type ServiceLimits, type ServiceSpec } from './spec.ts';

/**
 * The content of a unit file.
 * @see https://www.freedesktop.org/software/systemd/man/systemd.service.html
 */
export function systemdUnit(spec: ServiceSpec): string {
  checkSpec(spec);
  const { description, argv, env = {}, environmentFiles = [], type, after = [], preStart = [] } = spec;
  const { killMode, delegate, limits = {}, restartSeconds = RESTART_SECONDS, startTimeoutSeconds } = spec;
  const lines = [
    '# Written by sealer.',
    '[Unit]',
    `Description=${escapeSpecifiers(description)}`,
    'Wants=network-online.target',
    `After=${['network-online.target', ...after.map((name) => `${name}.service`)].join(' ')}`,
    // A service that fails for minutes, as one does that waits for another host, is not given up.
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    `Type=${type}`,
    ...Object.entries(env).map(([name, value]) => `Environment=${quoted(escapeSpecifiers(`${name}=${value}`))}`),
    ...environmentFiles.map((path) => `EnvironmentFile=-${path}`),
    ...preStart.map((command) => `ExecStartPre=-${commandLine(command)}`),
    `ExecStart=${commandLine(argv)}`,
    'Restart=always',
    `RestartSec=${restartSeconds}s`,
    ...(startTimeoutSeconds === undefined ? [] : [`TimeoutStartSec=${startTimeoutSeconds}`]),
    ...(killMode === undefined ? [] : [`KillMode=${killMode}`]),
    ...(delegate === true ? ['Delegate=yes'] : []),
    ...limitLines(limits),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ];
  return lines.join('\n');
}

function limitLines({ files, processes, core, tasks }: ServiceLimits): readonly string[] {
  return [
    ...(files === undefined ? [] : [`LimitNOFILE=${files}`]),
    ...(processes === undefined ? [] : [`LimitNPROC=${processes}`]),
    ...(core === undefined ? [] : [`LimitCORE=${core}`]),
    ...(tasks === undefined ? [] : [`TasksMax=${tasks}`]),
  ];
}

function commandLine(argv: readonly string[]): string {
  // `$` begins a variable in command lines, `%` a specifier everywhere.
  return argv.map((word) => quoted(escapeSpecifiers(word).replaceAll('$', '$$$$'))).join(' ');
}

function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

/** Words as systemd.syntax(7) reads them: bare where nothing in them means anything. */
function quoted(word: string): string {
  if (/^[A-Za-z0-9_@%$+=:,./-]+$/.test(word)) return word;
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\t', '\\t')}"`;
}
