/** Platforms: `os/architecture[/variant]` (image-spec 1.1.1, image-index.md). */

import { SealerError } from '../error.ts';
import { didYouMean } from '../suggest.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly 'os.version'?: string | undefined;
  readonly 'os.features'?: readonly string[] | undefined;
}

const ARCHITECTURES: Record<string, Pick<Platform, 'architecture' | 'variant'>> = {
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  x64: { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
  mipsel: { architecture: 'mipsle' },
};

/** What Go calls them, as images do (go tool dist list). Others may come: only what looks like a slip is refused. */
const KNOWN_SYSTEMS = ['linux', 'windows', 'darwin', 'freebsd'];
const KNOWN_ARCHITECTURES = [
  ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mips64', 'mips64le', 'mipsle', 'ppc64', 'ppc64le', 'riscv64'],
  ...['s390x', 'wasm'],
];

/**
 * Parses `linux/arm64/v8`, and what people write for it (`arm64`, `linux/x86_64`). A lone word is an architecture of
 * linux.
 * @throws SealerError BAD_PLATFORM
 */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().toLowerCase().split('/');
  const [os, architecture, variant] = parts.length === 1 ? ['linux', parts[0]] : parts;
  const wellFormed = parts.length <= 3 && parts.every((part) => /^[a-z0-9]+([_.-]+[a-z0-9]+)*$/.test(part));
  if (!wellFormed || os === undefined || architecture === undefined) {
    throw new SealerError('BAD_PLATFORM', `"${text}" is not a platform`, { hint: 'Write os/arch, like linux/arm64.' });
  }
  const known = ARCHITECTURES[architecture] ?? { architecture };
  refuseSlip(text, os, KNOWN_SYSTEMS);
  refuseSlip(text, known.architecture, KNOWN_ARCHITECTURES);
  return normalize({ os, ...known, ...(variant === undefined ? {} : { variant }) });
}

/** @throws SealerError BAD_PLATFORM for a word that is nearly, but not quite, a known one */
function refuseSlip(text: string, word: string, known: readonly string[]): void {
  const hint = known.includes(word) ? undefined : didYouMean(word, known);
  if (hint === undefined) return;
  throw new SealerError('BAD_PLATFORM', `"${text}" is not a platform: nobody calls anything ${word}`, { hint });
}

/** `linux/arm64` or `linux/arm/v7`: the default variant of arm64 is left out. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalize(platform);
  return [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/');
}

/** The platform of the machine we run on; containers are linux wherever they run. */
export function hostPlatform(arch: string = process.arch): Platform {
  return parsePlatform(`linux/${arch === 'arm' ? 'armhf' : arch}`);
}

/** Whether content for `offered` serves who asked for `wanted`. Versions and features of the OS are not compared. */
export function matchesPlatform(wanted: Platform, offered: Platform): boolean {
  const a = normalize(wanted);
  const b = normalize(offered);
  if (a.os !== b.os || a.architecture !== b.architecture) return false;
  return a.variant === undefined || b.variant === undefined || a.variant === b.variant;
}

/** arm64 has only v8 and arm without variant means v7 (containerd/platforms). */
function normalize({ variant, ...platform }: Platform): Platform {
  if (platform.architecture === 'arm64' && (variant === 'v8' || variant === '8')) return platform;
  if (platform.architecture === 'arm') return { ...platform, variant: variant?.replace(/^(\d)$/, 'v$1') ?? 'v7' };
  return variant === undefined || variant === '' ? platform : { ...platform, variant };
}
