/** What an engine says about itself. */

/** From `/info` and `/version` of docker's API. */
export interface EngineFacts {
  /** Its address: `unix:///var/run/docker.sock`. */
  readonly url: string;
  /** Where we learnt of it. */
  readonly source: string;
  readonly kind: 'docker' | 'podman';
  readonly version: string;
  /** `linux`, `windows` */
  readonly os: string;
  /** As the engine names it: `Ubuntu 24.04.1 LTS`, `Docker Desktop`. */
  readonly system: string;
  readonly isRootless: boolean;
  readonly cgroupVersion: 1 | 2;
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
}

/** A newer engine may say things differently; what cannot be read is taken for fit, and the start will tell. */
export function parseFacts(endpoint: { url: string; source: string }, info: unknown, version: unknown): EngineFacts {
  const { url, source } = endpoint;
  const says = asRecord(info);
  const components = asRecord(version).Components;
  const names = Array.isArray(components) ? components.map((each) => String(asRecord(each).Name)) : [];
  const security = Array.isArray(says.SecurityOptions) ? says.SecurityOptions.map(String) : [];
  return {
    url,
    source,
    kind: names.some((name) => /podman/i.test(name)) ? 'podman' : 'docker',
    version: asText(says.ServerVersion) ?? 'unknown',
    os: asText(says.OSType) ?? 'linux',
    system: asText(says.OperatingSystem) ?? 'unknown',
    // podman has the field, docker the option.
    isRootless: says.Rootless === true || security.some((option) => option === 'name=rootless'),
    cgroupVersion: says.CgroupVersion === '1' ? 1 : 2,
    memory: typeof says.MemTotal === 'number' ? says.MemTotal : Number.POSITIVE_INFINITY,
    cpus: typeof says.NCPU === 'number' ? says.NCPU : 1,
  };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
