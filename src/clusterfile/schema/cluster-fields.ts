/** Fields of a Cluster: sealer's v2 (types/api/v2/cluster_types.go) with what is new here, and the older v1. */

import { any, type Fields, flag, list, map, object, port, text } from './shape.ts';

const NAME = { pattern: /^[A-Za-z\d](?:[\w.-]{0,61}[A-Za-z\d])?$/, form: 'up to 63 letters, digits, -, _ and dots' };

export const METADATA: Fields = {
  name: text('What it is called.', NAME),
  namespace: any('Not used.', { isIgnored: true }),
  labels: any('Not used.', { isIgnored: true }),
  annotations: any('Not used.', { isIgnored: true }),
  creationTimestamp: any('Not used.', { isIgnored: true }),
};

export const ENV = list(
  'Variables for templates, plugins and scripts; a repeated name makes a list.',
  text('NAME=value.', { pattern: /^[A-Za-z_][\w.-]*=/, form: 'NAME=value' }),
);

export const ENV_REFERENCE = 'Take it from the environment: ${NAME}.';

const SSH: Fields = {
  user: text('Who logs in.', { byDefault: 'root', pattern: /^[a-zA-Z_][\w.-]{0,63}\$?$/, form: 'the name of a user' }),
  passwd: text(`The password. ${ENV_REFERENCE}`, { isSecret: true }),
  pk: text('Path of the private key on the machine that sealer runs on.'),
  pkPasswd: text(`The passphrase of the private key. ${ENV_REFERENCE}`, { isSecret: true }),
  port: port('Where sshd listens.', 22),
  encrypted: flag('Encrypted passwords are not supported.', false),
  jump: text('Hosts through which it is reached: user@host:port, several separated by commas, in order.'),
  sudoPasswd: text(`For sudo, if it asks for one; the password if not given. ${ENV_REFERENCE}`, { isSecret: true }),
};

const HOSTNAME = {
  pattern: /^(?:\[[\da-fA-F:.]+\]|[A-Za-z\d](?:[A-Za-z\d.-]*[A-Za-z\d])?)$/,
  form: 'the name or address of a host, without scheme and port',
};

const REGISTRY_LOGIN: Fields = {
  username: text('Who logs in.'),
  password: text(`The password. ${ENV_REFERENCE}`, { isSecret: true }),
};

const CERT = object("The registry's certificate.", {
  subjectAltName: object('What it is for, beside its domain and hosts.', {
    dnsNames: list('Names.', text('A name.', HOSTNAME)),
    ips: list('Addresses.', text('An address.', HOSTNAME)),
  }),
});

const REGISTRY: Fields = {
  localRegistry: object("The cluster's own registry, on its masters.", {
    domain: text('What it is called in the cluster.', { byDefault: 'sea.hub', ...HOSTNAME }),
    port: port('Where it listens.', 5000),
    ...REGISTRY_LOGIN,
    ha: { type: 'flag', about: 'On every master instead of the first alone. Default: with two masters or more.' },
    insecure: flag('Plain http.', false),
    cert: CERT,
  }),
  externalRegistry: object('A registry that is there; the bundled images are pushed into it.', {
    domain: text('The host of the registry.', { isRequired: true, ...HOSTNAME }),
    port: port('Its port.', 443),
    ...REGISTRY_LOGIN,
    insecure: flag('Plain http.', false),
    ca: text("PEM of the authorities that vouch for it. Default: the host's own."),
  }),
};

const HOST: Fields = {
  ips: list(
    'Hosts: addresses, ranges (10.0.0.5-10.0.0.9) and names, also user@host:port.',
    text('A host, a range or a list with commas.'),
    { isRequired: true, orOne: true },
  ),
  roles: list('master, node, and roles of your own.', text('A role.'), { isRequired: true, orOne: true }),
  ssh: object('How these hosts are reached, over spec.ssh.', SSH),
  env: ENV,
  labels: map('Labels of the nodes.', text('The value.')),
  taints: list('Taints of the nodes.', text('key=value:Effect, key:Effect, or key- to remove one.')),
};

const IMAGE = text('The cluster image.', { pattern: /^[^\s@:/]\S*$/, form: 'the name of an image, without blanks' });

export const CLUSTER: Fields = {
  image: { ...IMAGE, isRequired: true },
  env: ENV,
  cmd: list("Commands instead of the image's own.", text('A command.', { isLiteral: true })),
  cmd_args: any('Not used.', { isIgnored: true }),
  appNames: list('Apps to launch instead of those that the image launches.', text('An app.')),
  // The documentation of the Go sealer has a single entry without its list.
  hosts: list('The hosts.', object('Hosts that are alike.', HOST), { orOne: true }),
  ssh: object('How hosts are reached.', SSH),
  containerRuntime: object('What runs containers.', {
    type: text('Default: what the image says.', { oneOf: ['containerd', 'docker'] }),
  }),
  hostAliases: list(
    'Entries of /etc/hosts on every host.',
    object('An entry.', {
      ip: text('The address.', { isRequired: true }),
      hostnames: list('Its names.', text('A name.', HOSTNAME), { isRequired: true }),
    }),
  ),
  registry: object('Where the cluster pulls images from.', REGISTRY),
  dataRoot: text('Folder on every host that holds what sealer keeps there.', {
    byDefault: '/var/lib/sealer',
    pattern: /^\/(?!.*(?:^|\/)\.\.?(?:\/|$))[\w.-][\w./-]*$/,
    form: 'an absolute path below / of letters, digits, -, _ and dots',
  }),
};

const CLOUD_HOSTS = object('Hosts of a role.', {
  ipList: list('Their addresses.', text('A host, a range or a list with commas.'), { orOne: true }),
  ...Object.fromEntries(
    ['count', 'cpu', 'memory', 'systemDisk', 'dataDisks'].map((name) => [
      name,
      any('For clouds.', { isIgnored: true }),
    ]),
  ),
});

/** The v1 Cluster: masters and nodes apart, for clouds too. It is converted where it names its hosts. */
export const CLUSTER_V1: Fields = {
  image: { ...IMAGE, isRequired: true },
  env: ENV,
  provider: text('BAREMETAL is the only one.'),
  ssh: object('How hosts are reached.', SSH),
  network: object('Networks of the cluster.', {
    podCIDR: text('Addresses of pods.'),
    svcCIDR: text('Addresses of services.'),
    interface: any('Not used.', { isIgnored: true }),
    cniName: any('Not used.', { isIgnored: true }),
    withoutCNI: any('Not used.', { isIgnored: true }),
  }),
  certSANS: list("Names for the API server's certificate.", text('A name.')),
  masters: CLOUD_HOSTS,
  nodes: CLOUD_HOSTS,
};
