// Image names as podman, buildah and skopeo spell and parse them (containers/image docker/reference): `docker.io`, any digest algorithm, no default tag.
import type { Reference } from '../../oci/reference.ts';

/** A name that was parsed the way those tools do it; {@link name} always has its host. */
export interface DockerReference {
  /** `docker.io/library/busybox` */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

const label = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*';
const host = `${label}(?:\\.${label})*(?::[0-9]+)?`;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const namePattern = new RegExp(`^(?:${host}/)?${component}(?:/${component})*$`);
const hostPattern = new RegExp(`^${host}$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const maxNameLength = 255;
/** Nothing longer can be a reference: a name, a tag and a sha512 digest. */
const maxLength = maxNameLength + 1 + 128 + 1 + 135;

const dockerHub = 'docker.io';

/** What a text means where "normalized" names are read, so that `busybox` is `docker.io/library/busybox`; undefined when it is no reference. */
export function parseDockerReference(text: string): DockerReference | undefined {
  if (text.length > maxLength || /^[0-9a-f]{64}$/.test(text)) return undefined;
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !digestPattern.test(digest)) return undefined;
  const [written, tag] = splitTag(at < 0 ? text : text.slice(0, at));
  if (tag !== undefined && !tagPattern.test(tag)) return undefined;
  const name = withHost(written);
  if (name.length > maxNameLength || !namePattern.test(name)) return undefined;
  return { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The same for a text that must be written in full already: `docker.io/library/busybox`, not `busybox`. */
export function parseFullDockerReference(text: string): DockerReference | undefined {
  const parsed = parseDockerReference(text);
  return parsed && dockerReferenceText(parsed) === text ? parsed : undefined;
}

/**
 * What podman and buildah ask a registry for, and so what their policy is about: with both a tag and a digest the tag is dropped
 * (containers/common libimage; skopeo refuses such a reference instead).
 */
export function intendedReference({ registry, repository, tag, digest }: Reference): DockerReference {
  const name = `${registry === 'index.docker.io' ? dockerHub : registry}/${repository}`;
  return digest === undefined ? { name, tag: tag ?? 'latest' } : { name, digest };
}

export function dockerReferenceText({ name, tag, digest }: DockerReference): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** A host with or without a port. */
export function isDockerHost(text: string): boolean {
  return hostPattern.test(text);
}

/** A name without tag and digest, its host written or not. */
export function isDockerName(text: string): boolean {
  return namePattern.test(text);
}

function splitTag(text: string): readonly [string, string | undefined] {
  const colon = text.lastIndexOf(':');
  return colon < 0 || colon < text.lastIndexOf('/') ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

function withHost(name: string): string {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost';
  if (isHost && first !== dockerHub && first !== `index.${dockerHub}`) return name;
  const path = isHost ? name.slice(slash + 1) : name;
  return `${dockerHub}/${path.includes('/') ? path : `library/${path}`}`;
}
