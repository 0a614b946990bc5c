/**
 * The one program that every command on a host is started by. It reads working directory, environment and argv from its
 * standard input, and leaves the rest of it to the command. So nothing of ours meets a shell's syntax, whatever shell the
 * user logs in to; values of the environment are in nobody's list of processes; and sudo's log has no secrets.
 */

/** How the launcher says that it runs: what came before it is noise of the login shell, or sudo's complaint. */
export const START_MARK = 'sealer-launched';

/**
 * POSIX sh in one line without backslashes, exclamation marks and single quotes, which csh and fish would see. Argument:
 * 1 if sudo is its parent. `read` takes bytes one by one from a pipe, and so never takes what is the command's.
 *
 * It tells its process ID, and its process group if that is one made for it (not that of an SSH server which puts its
 * sessions into its own group): what a kill has to reach.
 */
const LAUNCHER = [
  'umask 022',
  'PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
  'export PATH',
  '{ read -r _s1 _s2 _s3 _s4 _sg _s5 < "/proc/$$/stat"; } 2> /dev/null || _sg=0',
  'case "$_sg" in "$$") ;; "$PPID") [ "$1" = 1 ] || _sg=0 ;; *) _sg=0 ;; esac',
  `echo "${START_MARK} $$ $_sg"`,
  `echo "${START_MARK} $$ $_sg" >&2`,
  '_snl=$(echo; echo .)',
  '_snl="${_snl%.}"',
  '_st() { IFS= read -r _sn && IFS= read -r _sv || exit 125; while [ "$_sn" -gt 1 ]; do IFS= read -r _sl || exit 125; _sv="$_sv$_snl$_sl"; _sn=$((_sn - 1)); done; }',
  '_st',
  'if [ -n "$_sv" ]; then cd "$_sv" || exit 126; unset OLDPWD; fi',
  'IFS= read -r _sc || exit 125',
  'while [ "$_sc" -gt 0 ]; do _st; export "$_sv"; _sc=$((_sc - 1)); done',
  'IFS= read -r _sc || exit 125',
  'set --',
  'while [ "$_sc" -gt 0 ]; do _st; set -- "$@" "$_sv"; _sc=$((_sc - 1)); done',
  'exec "$@"',
].join('; ');

/** How root is reached. */
export type Elevation = 'none' | 'sudo' | 'sudo-with-password';

/** The argv that starts the launcher; it never varies but for sudo. */
export function launcherArgv(elevation: Elevation): readonly [string, ...string[]] {
  switch (elevation) {
    case 'none':
      return ['sh', '-c', LAUNCHER, 'sealer', '0'];
    case 'sudo':
      return ['sudo', '-n', '-H', '--', 'sh', '-c', LAUNCHER, 'sealer', '1'];
    case 'sudo-with-password':
      // -k: it asks each time, so that the password's line is always read by it and never by the launcher.
      return ['sudo', '-k', '-S', '-p', '', '-H', '--', 'sh', '-c', LAUNCHER, 'sealer', '1'];
  }
}

export interface Launch {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

/**
 * What the launcher reads before the command's own input: lists as their length and values, each value as the number of
 * its lines and the lines.
 */
export function encodeLaunch({ argv, env, cwd }: Launch): string {
  const assignments = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`"${name}" cannot be the name of a variable`);
    return `${name}=${value}`;
  });
  if (cwd !== undefined && !cwd.startsWith('/')) throw new Error('A working directory on a host has to be absolute');
  return encodeValue(cwd ?? '') + encodeList(assignments) + encodeList(argv);
}

function encodeList(values: readonly string[]): string {
  return `${values.length}\n${values.map(encodeValue).join('')}`;
}

function encodeValue(value: string): string {
  if (value.includes('\0')) throw new Error('An argument or variable of a command cannot have NUL characters');
  return `${value.split('\n').length}\n${value}\n`;
}
