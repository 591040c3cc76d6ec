// Which part of a containers policy, and of registries.d, speaks about an image: its scopes from the most to the least specific one.
import type { Reference } from '../../oci/reference.ts';
import { dockerReferenceText, intendedReference, parseDockerReference } from './dockerReference.ts';

/**
 * The scopes of transport `docker` that cover an image, the most specific one first and each once; the transport's own `""` and the
 * policy's `default`, which come after them, are not among them. (containers/image `docker/policyconfiguration/naming.go`)
 */
export function scopesOf(reference: Reference): readonly string[] {
  const intended = intendedReference(reference);
  return [dockerReferenceText(intended), ...parents(intended.name), ...wildcards(intended.name)];
}

/** The repository itself, each namespace above it, and last the host with its port. */
function parents(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

/** `*.b.example` and `*.example` for a host a.b.example; the port plays no part, and a host is no subdomain of itself. */
function wildcards(name: string): readonly string[] {
  const [host = ''] = (name.split('/')[0] ?? '').split(':');
  const labels = host.split('.');
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
}

/** Where no image can ever have a scope because its name is a short one or not the one that counts: the scope that is meant. */
export function meantScope(scope: string): string | undefined {
  if (scope === '' || scope.startsWith('*.')) return undefined;
  const [host = ''] = scope.split('/');
  if (host === 'index.docker.io') return scope.replace('index.', '');
  const parsed = parseDockerReference(scope);
  if (!parsed) return undefined;
  const isHost = host.includes('.') || host === 'localhost' || /:\d+$/.test(host);
  const full = dockerReferenceText(parsed);
  const isImage = parsed.tag !== undefined || parsed.digest !== undefined;
  return full === scope || (isHost && !(isImage && scope.includes('/'))) ? undefined : full;
}
