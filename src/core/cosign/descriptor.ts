// Descriptors inside manifests that cosign writes: reading one, and writing its members in Go's order.
import { isDigest, type Digest } from '../crypto/digest.ts';
import type { GoObject, GoValue } from './goJson.ts';
import { stringMembers, type JsonObject, type JsonShape } from '../encoding/jsonShape.ts';
import { said, type SaidArgument } from '../said.ts';

/** What names a blob or manifest (OCI image-spec v1.1, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: Digest;
}

const order = ['mediaType', 'size', 'digest', 'data', 'urls', 'annotations', 'platform', 'artifactType'];

/** Checks the three members every descriptor has; the text is the registry's. */
export function readDescriptor(shape: JsonShape, value: unknown, name: SaidArgument): Descriptor & { readonly json: JsonObject } {
  const json = shape.object(value, name);
  const digest = shape.member(json, 'digest');
  const size = shape.member(json, 'size');
  if (!isDigest(digest)) throw shape.fail(said`the digest of ${name} is not a sha256 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw shape.fail(said`the size of ${name} is not a size`);
  return { mediaType: shape.string(shape.member(json, 'mediaType'), said`the media type of ${name}`), size, digest, json };
}

/** The annotations of a manifest or descriptor that are strings. */
export function readAnnotations(shape: JsonShape, json: JsonObject, name: SaidArgument): Readonly<Record<string, string>> {
  return stringMembers(shape.optionalObject(shape.member(json, 'annotations'), said`"annotations" of ${name}`)).strings;
}

/** A read descriptor as ggcr writes it; members that it does not know are kept, at the end. */
export function descriptorJson(json: JsonObject): GoValue {
  return inOrder(toGoObject(json), order);
}

/** Puts members in the order of Go's struct; unknown ones stay, behind the known ones. */
export function inOrder(members: GoObject, names: readonly string[]): GoObject {
  const unknown = Object.keys(members).filter((name) => !names.includes(name));
  return Object.fromEntries([...names, ...unknown].flatMap((name) => (Object.hasOwn(members, name) ? [[name, members[name]]] : [])));
}

/** A read object as one to write: nothing is dropped, `annotations` is sorted. */
export function toGoObject(json: JsonObject): GoObject {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, name === 'annotations' && isObject(value) ? new Map(Object.entries(toGoPlain(value))) : toGoValue(value)]));
}

/** Any read JSON as a value to write. */
export function toGoValue(value: unknown): GoValue {
  if (Array.isArray(value)) return value.map(toGoValue);
  return isObject(value) ? toGoPlain(value) : (value as string | number | boolean | null);
}

function toGoPlain(json: JsonObject): { readonly [key: string]: GoValue } {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, toGoValue(value)]));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
