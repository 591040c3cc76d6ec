// Taking unknown JSON apart with an error that says which member is wrong.
import { CosignError, type ErrorCode } from '../errors.ts';
import { said, type Said, type SaidArgument } from '../said.ts';
import { readJson } from './json.ts';
import { sizeText } from './sizeText.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads members of one kind of document; every complaint has the same code and names the document. */
export class JsonShape {
  readonly #code: ErrorCode;
  readonly #what: Said;

  /** @param what the document, for messages: `the bundle` */
  constructor(code: ErrorCode, what: Said) {
    this.#code = code;
    this.#what = what;
  }

  /**
   * Bounded, strict JSON whose root is an object.
   * @throws {CosignError} `SIZE_LIMIT`, and this shape's own code
   */
  parse(bytes: Uint8Array, maxBytes: number): JsonObject {
    if (bytes.length > maxBytes) throw new CosignError('SIZE_LIMIT', said`It is not read: ${this.#what} is larger than ${sizeText(maxBytes)}.`);
    let value: unknown;
    try {
      value = readJson(bytes, { maxBytes });
    } catch (cause) {
      throw new CosignError(this.#code, said`It cannot be read: ${this.#what} is not valid JSON.`, { cause });
    }
    return this.object(value, said`its root`);
  }

  object(value: unknown, name: SaidArgument): JsonObject {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
    throw this.fail(said`${name} is not an object`);
  }

  /** Undefined for a missing member and for null, as in proto JSON. */
  optionalObject(value: unknown, name: SaidArgument): JsonObject | undefined {
    return value === undefined || value === null ? undefined : this.object(value, name);
  }

  array(value: unknown, name: SaidArgument): readonly unknown[] {
    if (Array.isArray(value)) return value as readonly unknown[];
    throw this.fail(said`${name} is not an array`);
  }

  optionalArray(value: unknown, name: SaidArgument): readonly unknown[] {
    return value === undefined || value === null ? [] : this.array(value, name);
  }

  string(value: unknown, name: SaidArgument): string {
    if (typeof value === 'string') return value;
    throw this.fail(said`${name} is not a string`);
  }

  optionalString(value: unknown, name: SaidArgument): string | undefined {
    return value === undefined || value === null ? undefined : this.string(value, name);
  }

  /** A member by its own name only: never what an object inherits. */
  member(object: JsonObject, name: string): unknown {
    return Object.hasOwn(object, name) ? object[name] : undefined;
  }

  fail(why: Said): CosignError {
    return new CosignError(this.#code, said`It cannot be read: ${why} in ${this.#what}.`);
  }
}

/** Only the string members, without a prototype, so that no name in hostile text means anything special. */
export function stringMembers(object: JsonObject | undefined): { readonly strings: Readonly<Record<string, string>>; readonly others: readonly string[] } {
  const strings = Object.create(null) as Record<string, string>;
  const others: string[] = [];
  for (const [name, value] of Object.entries(object ?? {})) {
    if (typeof value === 'string') Object.defineProperty(strings, name, { value, enumerable: true, writable: false, configurable: false });
    else others.push(name);
  }
  return { strings, others };
}

/** No annotations. */
export const noAnnotations: Readonly<Record<string, string>> = Object.freeze(Object.create(null) as Record<string, string>);
