// Image references: the grammar of distribution/reference and go-containerregistry, and why a text is not one.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { isDigest, type Digest } from '../crypto/digest.ts';

/** A parsed image reference. With both a tag and a digest the digest decides and the tag is only how people know it. */
export interface Reference {
  /** Registry host, `index.docker.io` for Docker Hub, with its port if one was written. */
  readonly registry: string;
  /** Path within the registry, `library/alpine` for Docker Hub's `alpine`. */
  readonly repository: string;
  /** Undefined only when a digest is present and no tag was written; `latest` when neither was written. */
  readonly tag?: string;
  readonly digest?: Digest;
}

export const dockerHub = 'index.docker.io';

const hubAliases = ['docker.io', dockerHub, 'registry-1.docker.io'];
const maxNameLength = 255;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const hostLabel = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const hostPattern = new RegExp(`^(?:${hostLabel}(?:\\.${hostLabel})*|\\[[0-9a-fA-F:]+\\])(?::(\\d+))?$`);

/**
 * @throws {CosignError} `REFERENCE_INVALID`, quoting the text and saying which part breaks which rule
 */
export function parseReference(text: string): Reference {
  const fail = (why: Said): never => {
    throw new CosignError('REFERENCE_INVALID', said`"${text.slice(0, 200)}" is not an image reference: ${why}.`);
  };
  if (text === '') return fail(said`it is empty`);
  if (text.length > 1024) return fail(said`it is longer than 1024 characters`);
  if (/\s/.test(text)) return fail(said`it contains white space`);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return fail(said`it starts with a scheme; write it without`);

  const [beforeDigest, digest] = splitDigest(text, fail);
  const [name, tag] = splitTag(beforeDigest, fail);
  const { registry, repository } = splitName(name, fail);
  return {
    registry, repository,
    ...(tag === undefined ? (digest ? {} : { tag: 'latest' }) : { tag }),
    ...(digest ? { digest } : {}),
  };
}

/** `index.docker.io/library/alpine`: the canonical repository name, as it stands in signed payloads. */
export function canonicalRepository(reference: Pick<Reference, 'registry' | 'repository'>): string {
  return `${reference.registry}/${reference.repository}`;
}

/** `index.docker.io/library/alpine:3.20`, or `…@sha256:…` when there is a digest (the tag is dropped then, as ggcr does). */
export function canonicalName(reference: Reference): string {
  const suffix = reference.digest ? `@${reference.digest}` : `:${reference.tag ?? 'latest'}`;
  return canonicalRepository(reference) + suffix;
}

/** `alpine:3.20`: as people write it; keeps tag and digest. */
export function familiarName(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return familiarRepository(reference) + tag + (reference.digest ? `@${reference.digest}` : '');
}

/** `alpine`, `org/app`, `ghcr.io/org/app`. */
export function familiarRepository({ registry, repository }: Pick<Reference, 'registry' | 'repository'>): string {
  if (registry !== dockerHub) return `${registry}/${repository}`;
  const short = /^library\/([^/]+)$/.exec(repository)?.[1];
  return short ?? repository;
}

/** The host that serves a registry's API: Docker Hub's is another than its name. */
export function apiHost(registry: string): string {
  return registry === dockerHub ? 'registry-1.docker.io' : registry;
}

type Fail = (why: Said) => never;

function splitDigest(text: string, fail: Fail): readonly [string, Digest | undefined] {
  const at = text.indexOf('@');
  if (at < 0) return [text, undefined];
  const digest = text.slice(at + 1);
  if (isDigest(digest)) return [text.slice(0, at), digest];
  const algorithm = /^([a-z0-9+._-]+):/i.exec(digest)?.[1];
  if (algorithm === undefined) return fail(said`what follows the @ is not a digest such as sha256:…`);
  if (algorithm !== 'sha256') return fail(said`its digest is ${algorithm}; only sha256 is supported`);
  return fail(said`its digest is not sha256: and 64 lower-case hex digits`);
}

function splitTag(text: string, fail: Fail): readonly [string, string | undefined] {
  const colon = text.lastIndexOf(':');
  if (colon < 0 || colon < text.lastIndexOf('/') || text.endsWith(']')) return [text, undefined];
  const tag = text.slice(colon + 1);
  if (tag === '') return fail(said`its tag is empty`);
  if (tag.length > 128) return fail(said`its tag is longer than 128 characters`);
  if (!/^\w[\w.-]*$/.test(tag)) return fail(said`"${tag.slice(0, 60)}" is not a tag (letters, digits, _ . -, not starting with . or -)`);
  return [text.slice(0, colon), tag];
}

function splitName(name: string, fail: Fail): Pick<Reference, 'registry' | 'repository'> {
  if (/^[0-9a-f]{64}$/.test(name)) return fail(said`64 hex digits are an image id, not a name`);
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  if (!isHost) return { registry: dockerHub, repository: hubRepository(checkRepository(name, name, fail)) };
  const port = hostPattern.exec(first);
  if (!port) return fail(said`"${first}" is not a registry host`);
  if (port[1] !== undefined && Number(port[1]) > 65535) return fail(said`${port[1]} is not a port`);
  const repository = checkRepository(name.slice(slash + 1), name, fail);
  return hubAliases.includes(first) ? { registry: dockerHub, repository: hubRepository(repository) } : { registry: first, repository };
}

const hubRepository = (repository: string): string => (repository.includes('/') ? repository : `library/${repository}`);

function checkRepository(repository: string, name: string, fail: Fail): string {
  if (repository === '') return fail(said`its repository is missing`);
  if (name.length > maxNameLength) return fail(said`its name is longer than ${maxNameLength} characters`);
  if (/[A-Z]/.test(repository)) return fail(said`its repository has upper-case letters; repositories are lower case`);
  const bad = repository.split('/').find((part) => !component.test(part));
  if (bad === undefined) return repository;
  return bad === '' ? fail(said`its repository has an empty part between slashes`) : fail(said`"${bad.slice(0, 60)}" is not a part of a repository name (lower-case letters and digits, separated by one . or _ or __ or -)`);
}
