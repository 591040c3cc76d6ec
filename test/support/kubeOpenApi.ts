// OpenAPI v2 of one custom resource in the protobuf that kubectl asks for (gnostic `OpenAPIv2.proto`), so that the real kubectl checks files against it.
import type { Shape } from '../../src/core/policy/cluster/shape.ts';

export interface CustomResource {
  readonly group: string;
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly shape: Shape;
}

/** The document, with a definition for each version. */
export function openApiOf({ group, versions, kind, shape }: CustomResource): Buffer {
  const definitions = versions.map((version) => {
    const kinds = JSON.stringify([{ group, kind, version }]);
    const schema = Buffer.concat([schemaOf(shape), field(31, named('x-kubernetes-group-version-kind', field(2, Buffer.from(kinds))))]);
    return field(1, named(`${group.split('.').toReversed().join('.')}.${version}.${kind}`, schema));
  });
  return Buffer.concat([
    field(1, Buffer.from('2.0')), field(2, Buffer.concat([field(1, Buffer.from('test')), field(2, Buffer.from('1'))])),
    field(8, Buffer.alloc(0)), field(9, Buffer.concat(definitions)),
  ]);
}

/** What the API server does after kubectl: the type of every field, and a name. */
export function refusalOf({ shape }: CustomResource, object: unknown): string | undefined {
  const { metadata } = object as { readonly metadata?: { readonly name?: unknown; readonly generateName?: unknown } };
  if (!metadata?.name && !metadata?.generateName) return 'name or generateName is required';
  return wrongType(object, shape, '');
}

function wrongType(value: unknown, shape: Shape, path: string): string | undefined {
  if (shape.kind === 'anything') return undefined;
  const names: Readonly<Record<string, string>> = { string: 'text', boolean: 'boolean', object: 'map' };
  const is = Array.isArray(value) ? 'list' : value === null ? 'null' : names[typeof value] ?? 'other';
  if (is !== shape.kind) return `${path} must be of type ${shape.kind}, not ${is}`;
  if (shape.kind === 'list') return (value as readonly unknown[]).map((item, index) => wrongType(item, shape.of, `${path}[${index}]`)).find((found) => found !== undefined);
  if (shape.kind !== 'map') return undefined;
  return Object.entries(value as object).map(([name, item]) => wrongType(item, shape.fields[name] ?? { kind: 'anything' }, `${path}.${name}`)).find((found) => found !== undefined);
}

function schemaOf(shape: Shape): Buffer {
  switch (shape.kind) {
    case 'map': return Buffer.concat([typed('object'), field(25, Buffer.concat(Object.entries(shape.fields).map(([name, value]) => field(1, named(name, schemaOf(value))))))]);
    case 'list': return Buffer.concat([typed('array'), field(23, field(1, schemaOf(shape.of)))]);
    case 'text': return typed('string');
    case 'boolean': return typed('boolean');
    case 'anything': return Buffer.alloc(0);
  }
}

const typed = (name: string): Buffer => field(22, field(1, Buffer.from(name)));
const named = (name: string, value: Buffer): Buffer => Buffer.concat([field(1, Buffer.from(name)), field(2, value)]);
const field = (number: number, value: Buffer): Buffer => Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}
