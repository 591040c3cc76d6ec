// Platforms: `os/architecture[/variant]` as people write it, and which entry of an index a build for it would pull (containerd's rules).
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { Descriptor, DescriptorPlatform } from './manifest.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Empty when there is none. */
  readonly variant: string;
}

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64', 'x86-64': 'amd64', i386: '386', aarch64: 'arm64', armhf: 'arm', armel: 'arm',
};
const operatingSystems: Readonly<Record<string, string>> = { macos: 'darwin' };

/**
 * @param text `linux/arm64/v8`, `linux/amd64`; a single word is an architecture or an operating system, as for BuildKit
 * @throws {CosignError} `PLATFORM_NOT_FOUND` when it is no platform
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) {
    throw new CosignError('PLATFORM_NOT_FOUND', said`"${text.slice(0, 100)}" is not a platform such as linux/arm64.`);
  }
  const [first = '', second, variant = ''] = parts;
  if (second !== undefined) return normalize(first, second, variant);
  return ['linux', 'windows', 'darwin', 'macos', 'freebsd'].includes(first) ? normalize(first, 'amd64', '') : normalize('linux', first, '');
}

/**
 * The entry that a build for this platform pulls: the exact one, else the nearest older variant, else the 32-bit one.
 * @throws {CosignError} `PLATFORM_NOT_FOUND`, listing the platforms there are
 */
export function choosePlatform(manifests: readonly Descriptor[], wanted: string): Descriptor {
  for (const { os, architecture, variant } of acceptable(parsePlatform(wanted))) {
    const found = manifests.find(({ platform }) => {
      if (!platform) return false;
      const offered = normalize(platform.os, platform.architecture, platform.variant ?? '');
      return offered.os === os && offered.architecture === architecture && offered.variant === variant;
    });
    if (found) return found;
  }
  const offered = manifests.flatMap(({ platform }) => (platform && platform.os !== 'unknown' ? [[platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')] : []));
  throw new CosignError('PLATFORM_NOT_FOUND', offered.length === 0 ? said`The index has no image for ${wanted}.` : said`The index has no image for ${wanted}; it has ${[...new Set(offered)].slice(0, 20).join(', ')}.`);
}

function normalize(os: string, architecture: string, variant: string): Platform {
  const arch = architectures[architecture.toLowerCase()] ?? architecture.toLowerCase();
  const system = operatingSystems[os.toLowerCase()] ?? os.toLowerCase();
  return { os: system, architecture: arch, variant: normalizeVariant(arch, variant.toLowerCase(), architecture) };
}

/** The default variant of an architecture is written as none, except for arm, where none means v7. */
function normalizeVariant(architecture: string, variant: string, written: string): string {
  const plain = /^\d/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm64' && plain === 'v8') return '';
  if (architecture === 'amd64' && plain === 'v1') return '';
  if (architecture === 'arm' && plain === '') return written === 'armel' ? 'v6' : 'v7';
  return plain;
}

function acceptable({ os, architecture, variant }: Platform): readonly Platform[] {
  const of = (arch: string, ...variants: readonly string[]): readonly Platform[] => variants.map((v) => ({ os, architecture: arch, variant: v }));
  // There are four so far; what a Dockerfile writes may be any number.
  const olderAmd = (newest: number): readonly string[] => ['v9', 'v8', 'v7', 'v6', 'v5', 'v4', 'v3', 'v2'].filter((older) => Number(older.slice(1)) < newest);
  const olderArm = (newest: number): readonly string[] => Array.from({ length: Math.max(newest - 4, 0) }, (_, n) => `v${newest - n}`);
  switch (architecture) {
    case 'amd64': return [...of('amd64', variant), ...of('amd64', ...olderAmd(Number(variant.slice(1)) || 1), ''), ...of('386', '')];
    case 'arm64': return [...of('arm64', variant, ''), ...of('arm', ...olderArm(8))];
    case 'arm': return of('arm', variant, ...olderArm(Math.min(Number(variant.slice(1)) || 7, 8)));
    default: return of(architecture, variant);
  }
}

/** `linux/arm64/v8`. */
export function platformText({ os, architecture, variant }: DescriptorPlatform): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}
