// The `glob` of a ClusterImagePolicy: matched exactly as policy-controller does, and what can be said against one (`pkg/apis/glob`).
import { canonicalName, type Reference } from '../../oci/reference.ts';
import { matchesTokens, tokenizeGlob, type GlobToken } from '../globTokens.ts';

export interface ImageGlob {
  /** As written. */
  readonly text: string;
  readonly tokens: readonly GlobToken[];
}

/** No image name is longer, and no glob that is can be meant. */
const maxLength = 1024;

/** Undefined for what policy-controller refuses, or is too long to mean anything. */
export function parseImageGlob(text: string): ImageGlob | undefined {
  return text.length <= maxLength && /^[a-zA-Z0-9\-_:/*.@]+$/.test(text) ? { text, tokens: tokenizeGlob(text) } : undefined;
}

/**
 * Against the one name the admission webhook looks at: `index.docker.io/library/alpine:3` or, where there is a digest,
 * `index.docker.io/library/alpine@sha256:…` without the tag. No other spelling counts.
 */
export function matchesImage(glob: ImageGlob, reference: Reference): boolean {
  return matchesTokens(glob.tokens, canonicalName(reference));
}

export type GlobRemark =
  /** It matches no image there can be; with what was meant, where that can be told. */
  | { readonly kind: 'glob-docker-hub' | 'glob-short-name' | 'glob-without-tag'; readonly meant: string }
  | { readonly kind: 'glob-never'; readonly meant?: string }
  /** It matches images by tag, or by digest, only. */
  | { readonly kind: 'glob-tags-only' | 'glob-digests-only' };

/** What a person who wrote this may not expect; undefined when there is nothing to say. */
export function remarkOn({ text }: Pick<ImageGlob, 'text'>): GlobRemark | undefined {
  if (text === '*' || text === '*/*') return undefined;
  const address = /^https?:\/\/(?=.)/i.exec(text)?.[0];
  if (address !== undefined) return withoutScheme(text.slice(address.length));
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  if (/^(?:registry-1\.)?docker\.io$/.test(host) && slash > 0) return { kind: 'glob-docker-hub', meant: onDockerHub(text.slice(slash + 1)) };
  // A name begins with a host, which has a dot or a port or is localhost, and a slash.
  const hasHost = host.includes('**') || (slash > 0 && (/[.:*]/.test(host) || host === 'localhost'));
  if (!hasHost && slash !== 0 && !host.includes('.')) return { kind: 'glob-short-name', meant: onDockerHub(text) };
  return hasHost && canBeName(text, slash) ? suffixRemark(text, slash) : { kind: 'glob-never' };
}

/** What is left of an address, as far as it can match. */
function withoutScheme(rest: string): GlobRemark {
  const remark = remarkOn({ text: rest });
  if (remark && 'meant' in remark) return { kind: 'glob-never', meant: remark.meant };
  return remark?.kind === 'glob-never' ? remark : { kind: 'glob-never', meant: rest };
}

function onDockerHub(path: string): string {
  const meant = `index.docker.io/${path.includes('/') || path.includes('**') ? path : `library/${path}`}`;
  const remark = remarkOn({ text: meant });
  return remark && 'meant' in remark ? remark.meant : meant;
}

/** Repositories have no capital letters and no empty parts; what stands behind the last slash may be a tag. */
function canBeName(text: string, slash: number): boolean {
  const path = text.slice(slash + 1, text.lastIndexOf('/') + 1);
  return !text.includes('//') && !text.slice(0, text.lastIndexOf('/') + 1).includes('@') && !(slash >= 0 && /[A-Z]/.test(path));
}

/** Each name ends with `:tag`, or with `@sha256:` and 64 hex digits; which of the two can a glob match? Says nothing where it is not sure. */
function suffixRemark(text: string, slash: number): GlobRemark | undefined {
  if (slash < 0 && !text.startsWith('*')) return undefined;
  const last = text.slice(text.lastIndexOf('/') + 1);
  const at = last.indexOf('@');
  if (at >= 0) {
    const [name, digest] = [last.slice(0, at), last.slice(at + 1)];
    const possible = digest.includes('*') ? /^[a-z0-9:*]*$/.test(digest) : /^sha256:[0-9a-f]{64}$/.test(digest);
    return { kind: possible && (!name.includes(':') || name.includes('**')) ? 'glob-digests-only' : 'glob-never' };
  }
  const colon = last.lastIndexOf(':');
  if (colon < 0) return last.includes('*') ? undefined : { kind: 'glob-without-tag', meant: `${text}*` };
  const [name, tag] = [last.slice(0, colon), last.slice(colon + 1)];
  const mayBeDigest = name.includes('*') && '@sha256'.endsWith(name.slice(name.lastIndexOf('*') + 1)) && /^[0-9a-f*]*$/.test(tag);
  return mayBeDigest || name.includes('**') && tag.includes('*') ? undefined : { kind: 'glob-tags-only' };
}
