/** Fields of Config, Plugin and Application (types/api/v1, types/api/v2 of the Go sealer), with what is new here. */

import { ENV } from './cluster-fields.ts';
import { any, type Fields, flag, list, object, text } from './shape.ts';

const STRATEGY = text(
  'overwrite: the file becomes the data; merge: the data is merged into every document of the file.',
  {
    oneOf: ['overwrite', 'merge'],
    byDefault: 'overwrite',
  },
);

const DATA = text('What is written: a text, or YAML.', { isLiteral: true, orTree: true });

const EXPAND = flag('Replace ${NAME} in the data by variables of the environment.', false);

const RELATIVE_PATH = {
  pattern: /^(?!.*(?:^|\/)\.\.(?:\/|$))[^/\s\0][^\0]*$/,
  form: 'a relative path that does not lead upwards',
};

export const CONFIG: Fields = {
  path: text("The file, relative to the rootfs, or to the app's folder.", { isRequired: true, ...RELATIVE_PATH }),
  data: { ...DATA, isRequired: true },
  appName: text('The app that the file belongs to.', {
    pattern: /^(?!\.\.?$)[^/\s]+$/,
    form: 'the name of an app',
  }),
  strategy: STRATEGY,
  process: text('What is done to the data first: value, toJson, toBase64, toSecret, joined by |.'),
  expandEnv: EXPAND,
};

const WHERE = list('Where it runs: roles, master0, addresses, ranges, or a label selector.', text('A selector.'), {
  orOne: true,
});

export const PLUGIN: Fields = {
  type: text('SHELL, HOSTNAME, LABEL, TAINT, CLUSTERCHECK, ETCD, or an executable in plugins/ of the image.', {
    isRequired: true,
    pattern: /^[A-Za-z\d][\w.-]{0,127}$/,
    form: 'the name of a type or of an executable',
  }),
  action: list('When it runs: one phase or several, joined by |.', text('A phase.'), { isRequired: true, orOne: true }),
  scope: WHERE,
  on: WHERE,
  data: text('What it works with: a script for SHELL.', { isLiteral: true, orTree: true }),
  env: ENV,
  timeout: text('How long it may take: 90s, 10m, 1h.', {
    byDefault: '10m',
    pattern: /^\d{1,6}(?:ms|s|m|h)$/,
    form: 'a time such as 90s, 10m or 1h',
  }),
};

const COMMANDS = list('Commands.', text('A command.', { isLiteral: true }));

export const APPLICATION: Fields = {
  cmds: { ...COMMANDS, about: 'Commands instead of all launches.' },
  launchApps: list('Apps to launch; [""] launches none. Default: what the image launches.', text('An app.')),
  configs: list(
    'What is different for single apps.',
    object('An app.', {
      name: text('Its name in the image.', { isRequired: true }),
      env: ENV,
      files: list(
        'Files of the app.',
        object('A file.', {
          path: text("Relative to the app's folder.", { isRequired: true, ...RELATIVE_PATH }),
          strategy: STRATEGY,
          data: { ...DATA, isRequired: true },
          expandEnv: EXPAND,
        }),
      ),
      launch: object('How it is launched.', {
        cmds: COMMANDS,
      }),
      delete: any('Not used.', { isIgnored: true }),
    }),
  ),
};
