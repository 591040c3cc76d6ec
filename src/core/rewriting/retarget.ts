// Which edits make a reference in a Dockerfile name the copy of its image: its tag, digest, quotes and variables stay.
import type { Digest } from '../crypto/digest.ts';
import type { ImageUse, TextRange } from '../dockerfile/images.ts';
import { dockerHub, familiarRepository, type Reference } from '../oci/reference.ts';
import type { DockerfileEdit, Refusal } from './edits.ts';
import { mentionElsewhere } from './mentions.ts';

/** Edits, or why none is right without doubt. */
export type Retargeting = { readonly edits: readonly DockerfileEdit[] } | { readonly refusal: Refusal };

/** The copy: where it is, and what it is. */
export type CopiedImage = Reference & { readonly digest: Digest };

type Token = { readonly kind: 'text'; readonly raw: string; readonly value: string } | { readonly kind: 'variable'; readonly raw: string; readonly value: string; readonly name: string };

/**
 * The reference itself is edited where that is enough; the default of an ARG only when nothing else in the file uses the ARG.
 * @param text of the whole Dockerfile that `use` was read from
 */
export function retarget(text: string, use: ImageUse, copy: CopiedImage): Retargeting {
  const lines = text.split(/\r\n|\r|\n/);
  if (textIn(lines, use.range) !== use.raw) return refuse({ kind: 'several lines' });
  const { quote, inner } = unquote(use.raw);
  const suffix = suffixOf(use.text, copy);
  const names = copy.registry === dockerHub ? [familiarRepository(copy), `docker.io/${copy.repository}`] : [familiarRepository(copy)];
  const whole = (name: string): Retargeting => ({ edits: [{ range: use.range, text: quote + name + quote }] });
  if (!inner.includes('$')) return whole((names[0] ?? '') + suffix);
  const tokens = tokenize(inner, use);
  if (!tokens) return refuse({ kind: 'variables' });
  const [only] = tokens;
  if (tokens.length === 1 && only?.kind === 'variable') return defaultEdit(lines, use, only.name, (names[0] ?? '') + suffix);

  const parts = splitAt(tokens, nameLength(use.text));
  if (!parts) return refuse({ kind: 'name and tag in one' });
  const kept = valueOf(parts.suffix) === suffix;
  const variable = parts.suffix.find((token) => token.kind === 'variable');
  if (!kept && variable?.kind === 'variable') return refuse({ kind: 'tag in variable', name: variable.name });
  const rawSuffix = kept ? rawOf(parts.suffix) : suffix;
  const results = names.map((name): Retargeting => {
    const local = localName(parts.name, name);
    if (local !== undefined) return whole(local + rawSuffix);
    const change = defaultChange(parts.name, name);
    if (!change) return refuse({ kind: 'no single variable' });
    const edit = defaultEdit(lines, use, change.name, change.value);
    return 'refusal' in edit || kept ? edit : { edits: [...edit.edits, { range: use.range, text: quote + rawOf(parts.name) + rawSuffix + quote }] };
  });
  return results.find((result) => 'edits' in result) ?? results[0] ?? refuse({ kind: 'no single variable' });
}

/** As the reference was written: a tag where there was one (or where a build would not find the copy without), a digest where there was one. */
function suffixOf(text: string, { tag, digest }: CopiedImage): string {
  const hadDigest = text.includes('@');
  const hadTag = nameLength(text) < (hadDigest ? text.indexOf('@') : text.length);
  const writesTag = tag !== undefined && (hadTag || (!hadDigest && tag !== 'latest'));
  return (writesTag ? `:${tag}` : '') + (hadDigest || tag === undefined ? `@${digest}` : '');
}

/** Length of a reference without tag and digest. */
function nameLength(text: string): number {
  const at = text.indexOf('@');
  const head = at < 0 ? text : text.slice(0, at);
  const colon = head.lastIndexOf(':');
  return colon > head.lastIndexOf('/') ? colon : head.length;
}

/** Undefined for anything but plain text and `$NAME`, `${NAME}`. */
function tokenize(inner: string, { text, origins }: ImageUse): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = /\$\{(\w+)\}|\$([A-Za-z_]\w*)|[^$\\"']+/gy;
  for (let match = pattern.exec(inner); match; match = pattern.exec(inner)) {
    const [raw] = match;
    const name = match[1] ?? match[2];
    tokens.push(name === undefined ? { kind: 'text', raw, value: raw } : { kind: 'variable', raw, name, value: origins.find((origin) => origin.name === name)?.value ?? '' });
  }
  return rawOf(tokens) === inner && valueOf(tokens) === text ? tokens : undefined;
}

const rawOf = (tokens: readonly Token[]): string => tokens.map(({ raw }) => raw).join('');
const valueOf = (tokens: readonly Token[]): string => tokens.map(({ value }) => value).join('');

/** Undefined when a variable reaches across. */
function splitAt(tokens: readonly Token[], length: number): { readonly name: readonly Token[]; readonly suffix: readonly Token[] } | undefined {
  const name: Token[] = [];
  const suffix: Token[] = [];
  let at = 0;
  for (const token of tokens) {
    const end = at + token.value.length;
    if (end <= length && (at < length || token.value !== '')) name.push(token);
    else if (at >= length) suffix.push(token);
    else if (token.kind === 'variable') return undefined;
    else {
      const [left, right] = [token.value.slice(0, length - at), token.value.slice(length - at)];
      name.push({ kind: 'text', raw: left, value: left });
      suffix.push({ kind: 'text', raw: right, value: right });
    }
    at = end;
  }
  return { name, suffix };
}

/** The name with its variables as they are: unchanged, without any, or behind one that is a leading part of both names. */
function localName(tokens: readonly Token[], name: string): string | undefined {
  if (valueOf(tokens) === name) return rawOf(tokens);
  const [first, ...rest] = tokens;
  if (rest.some(({ kind }) => kind === 'variable')) return undefined;
  if (first?.kind !== 'variable') return name;
  const keeps = rest[0]?.value.startsWith('/') === true && name.startsWith(`${first.value}/`);
  return keeps ? first.raw + name.slice(first.value.length) : undefined;
}

/** The one variable, and its other value, that turns the old name into the new. */
function defaultChange(tokens: readonly Token[], name: string): { readonly name: string; readonly value: string } | undefined {
  const changes = tokens.flatMap((token, index) => {
    const before = valueOf(tokens.slice(0, index));
    const after = valueOf(tokens.slice(index + 1));
    const fits = token.kind === 'variable' && name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after);
    return fits ? [{ name: token.name, value: name.slice(before.length, name.length - after.length) }] : [];
  });
  return changes.length === 1 ? changes[0] : undefined;
}

function defaultEdit(lines: readonly string[], use: ImageUse, name: string, value: string): Retargeting {
  const origin = use.origins.find((candidate) => candidate.name === name);
  if (origin?.kind === 'setting') return refuse({ kind: 'setting', name });
  const range = origin?.kind === 'arg' ? origin.valueRange : undefined;
  if (!origin || !range) return refuse({ kind: 'no default', name });
  const { quote, inner } = unquote(textIn(lines, range));
  if (inner !== origin.value) return refuse({ kind: 'default of parts', name });
  const line = mentionElsewhere(lines, name, [use]);
  if (line !== undefined) return refuse({ kind: 'used elsewhere', name, line });
  return { edits: [{ range, text: quote + value + quote }] };
}

const refuse = (refusal: Refusal): Retargeting => ({ refusal });

function unquote(text: string): { readonly quote: string; readonly inner: string } {
  const [, quote, inner] = /^(["'])([^"'\\]*)\1$/.exec(text) ?? [];
  return quote === undefined || inner === undefined ? { quote: '', inner: text } : { quote, inner };
}

/** Empty for a range of several lines. */
function textIn(lines: readonly string[], { start, end }: TextRange): string {
  return start.line === end.line ? (lines[start.line] ?? '').slice(start.character, end.character) : '';
}
