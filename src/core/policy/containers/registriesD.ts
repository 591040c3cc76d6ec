// registries.d: whether podman looks for cosign's signatures of an image at all (containers-registries.d(5), containers/image `docker/registries_d.go`).
import { parseDocument } from 'yaml';
import { sizeText } from '../../encoding/sizeText.ts';
import type { Reference } from '../../oci/reference.ts';
import { said, type Said } from '../../said.ts';
import { scopesOf } from './scopes.ts';

export interface RegistriesFile {
  readonly uri: string;
  readonly text: string;
}

/** Why the files cannot be used: podman pulls nothing at all then. */
export interface RegistriesFault {
  readonly uri: string;
  /** One sentence part that goes on from the file's name. */
  readonly why: Said;
}

/** What is set for a scope of `docker`, or by `default-docker`. */
interface Section { readonly uri: string; readonly attachments: boolean | undefined }

const maxLength = 1024 * 1024;

export class RegistriesD {
  readonly fault: RegistriesFault | undefined;
  readonly #sections = new Map<string, Section>();
  #default: Section | undefined;

  constructor(files: readonly RegistriesFile[]) {
    for (const file of files) {
      const why = this.#add(file);
      if (why !== undefined) {
        this.fault = { uri: file.uri, why };
        return;
      }
    }
  }

  /** `use-sigstore-attachments` of the most specific section that sets it; off where none does. */
  usesAttachments(reference: Reference): boolean {
    return this.#firstSet(scopesOf(reference));
  }

  /** The same for a scope of a policy; where it is off, signatures may still be looked for below the scope. */
  mayUseAttachments(scope: string): boolean {
    const isBelow = (name: string): boolean => scope === '' || (scope.startsWith('*.')
      ? (name.split('/')[0] ?? '').replace(/:\d+$/, '').endsWith(scope.slice(1))
      : name.startsWith(`${scope}/`) || name.startsWith(`${scope}:`) || name.startsWith(`${scope}@`));
    return this.#firstSet(scope === '' ? [] : scopesAbove(scope)) || [...this.#sections].some(([name, { attachments }]) => attachments === true && isBelow(name));
  }

  #firstSet(scopes: readonly string[]): boolean {
    for (const scope of scopes) {
      const attachments = this.#sections.get(scope)?.attachments;
      if (attachments !== undefined) return attachments;
    }
    return this.#default?.attachments ?? false;
  }

  /** What is wrong, if anything is; other members are let be. */
  #add({ uri, text }: RegistriesFile): Said | undefined {
    if (text.length > maxLength) return said`is larger than ${sizeText(maxLength)}`;
    const root = readYaml(text);
    if ('template' in root) return root;
    const fallback = root.get('default-docker');
    if (fallback !== undefined && fallback !== null) {
      if (this.#default) return said`has a "default-docker", and ${this.#default.uri} has one`;
      const section = readSection(fallback, uri);
      if (!section) return said`has a "default-docker" that cannot be read`;
      this.#default = section;
    }
    const docker = root.get('docker') ?? new Map();
    if (!(docker instanceof Map)) return said`has a "docker" that is no mapping`;
    for (const [key, value] of docker as ReadonlyMap<unknown, unknown>) {
      const scope = String(key);
      const known = this.#sections.get(scope);
      if (known) return said`has the namespace "${scope.slice(0, 200)}", and ${known.uri} has it too`;
      const section = readSection(value, uri);
      if (!section) return said`has a namespace "${scope.slice(0, 200)}" that cannot be read`;
      this.#sections.set(scope, section);
    }
    return undefined;
  }
}

function readYaml(text: string): ReadonlyMap<unknown, unknown> | Said {
  try {
    // As yaml.v3: the first document counts, unknown tags and keys are let be, and a key that is there twice is a fault.
    const document = parseDocument(text, { uniqueKeys: true, merge: true, logLevel: 'silent' });
    const fault = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
    if (fault) return said`is not valid YAML (line ${fault.linePos?.[0].line ?? 1})`;
    const root: unknown = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
    if (root === null || root === undefined) return new Map();
    return root instanceof Map ? root : said`is no YAML mapping`;
  } catch {
    return said`is not valid YAML`;
  }
}

function readSection(value: unknown, uri: string): Section | undefined {
  if (value === null) return { uri, attachments: undefined };
  if (!(value instanceof Map)) return undefined;
  const isScalar = (name: string): boolean => typeof value.get(name) !== 'object' || value.get(name) === null;
  if (!['lookaside', 'lookaside-staging', 'sigstore', 'sigstore-staging'].every(isScalar)) return undefined;
  const attachments = toBoolean(value.get('use-sigstore-attachments'));
  return attachments === 'wrong' ? undefined : { uri, attachments };
}

/** YAML 1.2's booleans, and those of YAML 1.1 that yaml.v3 takes where it wants a boolean. */
function toBoolean(value: unknown): boolean | undefined | 'wrong' {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return 'wrong';
  return ['y', 'Y', 'yes', 'on'].includes(value) ? true : ['n', 'N', 'no', 'off'].includes(value) ? false : 'wrong';
}

/** The scope of a policy and what is above it. */
function scopesAbove(scope: string): readonly string[] {
  const [name = '', ...rest] = scope.split('@');
  const colon = name.lastIndexOf(':');
  const repository = colon > name.lastIndexOf('/') && name.includes('/') ? name.slice(0, colon) : name;
  const parts = repository.split('/');
  const hosts = (parts[0] ?? '').replace(/^\*\./, '').replace(/:\d+$/, '').split('.');
  const above = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
  return [...(rest.length > 0 || repository !== name ? [scope] : []), ...above, ...hosts.slice(1).map((_, index) => `*.${hosts.slice(index + 1).join('.')}`)];
}
