// Platform texts such as `linux/arm64/v8`, normalised as containerd's platforms package does.

export interface Platform { readonly os: string; readonly osVersion: string; readonly architecture: string; readonly variant: string }

const osPattern = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)(?:\+[A-Za-z0-9_.%-]+)*\))?$/;
const partPattern = /^[A-Za-z0-9_.-]+$/;
const knownOs = /^(?:aix|android|darwin|dragonfly|freebsd|hurd|illumos|ios|js|linux|nacl|netbsd|openbsd|plan9|solaris|windows|zos)$/;
const knownArchitecture = /^(?:386|amd64|amd64p32|arm|armbe|arm64|arm64be|ppc64|ppc64le|loong64|mips|mipsle|mips64|mips64le|mips64p32|mips64p32le|ppc|riscv|riscv64|s390|s390x|sparc|sparc64|wasm)$/;

/** Undefined when the text is no platform. */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.split('/', 4);
  const [first = '', ...rest] = parts;
  const match = osPattern.exec(first);
  if (!match || parts.length > 3 || !rest.every((part) => partPattern.test(part))) return undefined;
  const os = normaliseOs(match[1] ?? '');
  const osVersion = match[2] ?? '';
  const [architecture, variant] = rest;
  if (architecture === undefined) {
    if (knownOs.test(os)) return { os, osVersion, architecture: 'amd64', variant: '' };
    const alone = normaliseArchitecture(first, '');
    return knownArchitecture.test(alone.architecture) ? { os: 'linux', osVersion: '', ...withoutDefaultVariant(alone) } : undefined;
  }
  if (variant === undefined) return { os, osVersion, ...withoutDefaultVariant(normaliseArchitecture(architecture, '')) };
  const full = normaliseArchitecture(architecture, variant);
  return { os, osVersion, ...full, variant: full.architecture === 'arm64' && full.variant === '' ? 'v8' : full.variant };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== '').join('/');
}

function normaliseOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

interface Architecture { readonly architecture: string; readonly variant: string }

function withoutDefaultVariant({ architecture, variant }: Architecture): Architecture {
  return { architecture, variant: architecture === 'arm' && variant === 'v7' ? '' : variant };
}

function normaliseArchitecture(name: string, version: string): Architecture {
  const architecture = name.toLowerCase();
  const variant = version.toLowerCase();
  switch (architecture) {
    case 'i386':
      return { architecture: '386', variant: '' };
    case 'x86_64': case 'x86-64': case 'amd64':
      return { architecture: 'amd64', variant: variant === 'v1' ? '' : variant };
    case 'aarch64': case 'arm64':
      if (/^(?:8|v8|v8\.0)$/.test(variant)) return { architecture: 'arm64', variant: '' };
      return { architecture: 'arm64', variant: /^(?:9|9\.0|v9\.0)$/.test(variant) ? 'v9' : variant };
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      return { architecture, variant: variant === '' || variant === '7' ? 'v7' : /^[568]$/.test(variant) ? `v${variant}` : variant };
    default:
      return { architecture, variant };
  }
}
