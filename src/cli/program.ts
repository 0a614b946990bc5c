/** The command line as a whole: every command, its flags and its help. The README's table is made from it. */

import { type Argument, Command, Help } from 'commander';
import { attestCommand } from './commands/attest.ts';
import { buildCommand } from './commands/build.ts';
import { certCommand } from './commands/clusters/cert.ts';
import { checkCommand } from './commands/clusters/check.ts';
import { deleteCommand } from './commands/clusters/delete.ts';
import { cpCommand, execCommand } from './commands/clusters/exec.ts';
import { genCommand } from './commands/clusters/gen.ts';
import { logsCommand } from './commands/clusters/logs.ts';
import { applyCommand, runClusterCommand } from './commands/clusters/run.ts';
import { scaleUpCommand } from './commands/clusters/scale-up.ts';
import { kubeconfigCommand, statusCommand } from './commands/clusters/status.ts';
import { rollbackCommand, upgradeCommand } from './commands/clusters/upgrade.ts';
import { imagesCommand } from './commands/images.ts';
import { indexCommand } from './commands/index-create.ts';
import { inspectCommand } from './commands/inspect.ts';
import { lintCommand } from './commands/lint.ts';
import { loadCommand } from './commands/load.ts';
import { lockCommand } from './commands/lock.ts';
import { loginCommand } from './commands/login.ts';
import { logoutCommand } from './commands/logout.ts';
import { pruneCommand } from './commands/prune.ts';
import { pullCommand } from './commands/pull.ts';
import { pushCommand } from './commands/push.ts';
import { registryCommand } from './commands/registry-serve.ts';
import { rmiCommand } from './commands/rmi.ts';
import { saveCommand } from './commands/save.ts';
import { tagCommand } from './commands/tag.ts';
import { verifyCommand } from './commands/verify.ts';
import { versionCommand } from './commands/version.ts';
import type { CliContext } from './context.ts';
import { VERSION } from './version.ts';

/** In the order of the help, which is that of the README too. */
const COMMANDS = {
  'Build and prove:': [buildCommand, lintCommand, lockCommand, verifyCommand, attestCommand],
  'Run on hosts:': [
    runClusterCommand,
    applyCommand,
    genCommand,
    checkCommand,
    statusCommand,
    scaleUpCommand,
    deleteCommand,
    upgradeCommand,
    rollbackCommand,
    certCommand,
    kubeconfigCommand,
    execCommand,
    cpCommand,
    logsCommand,
  ],
  'Images of this machine:': [
    imagesCommand,
    inspectCommand,
    tagCommand,
    rmiCommand,
    saveCommand,
    loadCommand,
    pruneCommand,
  ],
  'Registries:': [pushCommand, pullCommand, loginCommand, logoutCommand, indexCommand, registryCommand],
  'More:': [versionCommand],
} as const;

const EPILOGUE = `
Environment:
  SEALER_HOME                        the store (an OCI image layout)
  SEALER_BASE_REGISTRY               where k3s, k0s and kubeadm are (default: ghcr.io/sealer)
  SOURCE_DATE_EPOCH                  the time of everything that a build makes, in seconds since 1970 (default: 0)
  REGISTRY_AUTH_FILE, DOCKER_CONFIG  where credentials are looked for first
  SEALER_HELM, SEALER_KUBECTL        helm and kubectl (default: those on PATH)
  SEALER_SSH_PASSWORD, SEALER_SSH_PASSPHRASE, SEALER_SUDO_PASSWORD   secrets of hosts
  SEALER_REGISTRY_PASSWORD           of a cluster's registry that has one, for changes without its Clusterfile
  SEALER_SIGNING_KEY, SEALER_SIGNING_PASSPHRASE   the key to sign with (PEM), and its passphrase
  SEALER_FULCIO_URL, SEALER_REKOR_URL, SEALER_TSA_URL   a sigstore of your own, to sign without a key
  DOCKER_HOST                        the container engine of temporary clusters
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY  proxies, as everywhere
  NO_COLOR, SEALER_DEBUG             no colours; a stack trace with every error

Exit codes: 0 done; 1 something you can mend; 2 wrong usage; 3 a fault outside (network, registry, disk); 70 a bug of ours.
sealer COMMAND --help tells all flags of a command, with examples.`;

/** The program, ready to parse. Errors are thrown as CommanderError, never printed or turned into an exit. */
export function createProgram(context: CliContext): Command {
  const program = new Command('sealer')
    .description(
      'Packs a whole Kubernetes cluster, with every container image that its apps need, into one OCI image, and runs it anywhere, without internet.',
    )
    .version(VERSION, '-v, --version', 'print the version')
    .addHelpText('after', EPILOGUE);
  // What stands behind a command is that command's: `images` and `images discover` both have --json.
  program.enablePositionalOptions();
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    for (const each of commands) program.addCommand(each(context).helpGroup(heading));
  }
  for (const command of walkCommands(program)) configure(command, context);
  return program;
}

/** The program and every command below it, in the order of the help. */
export function* walkCommands(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* walkCommands(child);
}

/** `<image>`, `[target]`, `<names...>`: an argument as the usage line has it. */
export function argumentTerm(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
}

function configure(command: Command, { stdout, stderr }: CliContext): void {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .summary(command.description().split('\n')[0] ?? '')
    .configureHelp({
      subcommandTerm: (each) => [each.name(), ...each.registeredArguments.map(argumentTerm)].join(' '),
      // What a command has of its own comes before what it shares with others.
      groupItems: (unsorted, visible, headingOf) => {
        const own = visible.filter((each) => headingOf(each) === 'Options:');
        return new Help().groupItems([...own, ...unsorted], visible, headingOf);
      },
    })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      // Usage errors are reported by runCli, in the form of all errors.
      writeErr: (text) => void stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => Math.min(stdout.columns ?? 100, 120),
    });
}
