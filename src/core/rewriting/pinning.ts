// Pinning images of a Dockerfile to digests, unpinning them, and moving pins: the edits, each proven by reading the file again.
import type { Digest } from '../crypto/digest.ts';
import { readDockerfile, type DockerfileImages, type DockerfileOptions, type ImageUse } from '../dockerfile/images.ts';
import { SourceText } from '../dockerfile/sourceText.ts';
import type { Reference } from '../oci/reference.ts';
import { applyEdits, type DockerfileEdit, type Refusal } from './edits.ts';
import { mentionElsewhere } from './mentions.ts';
import { referenceEnd, type ReferenceEnd } from './referenceEnd.ts';

/** The Dockerfile as it is read now. */
export interface DockerfileReading {
  readonly text: string;
  readonly options: DockerfileOptions;
  /** Uses from {@link readDockerfile} of this text with these options. */
  readonly images: DockerfileImages;
}

/** One image and the digest that it is to have. */
export interface ImagePin {
  readonly use: ImageUse;
  readonly digest: Digest;
}

export interface PinPlan {
  /** In one step they change exactly the references of {@link changed}. */
  readonly edits: readonly DockerfileEdit[];
  readonly changed: readonly ImageUse[];
  readonly refused: readonly RefusedUse[];
}

export interface RefusedUse { readonly use: ImageUse; readonly refusal: Refusal }

/** All of these never throw. `only`: nothing but this use, and those that get their end from the same default. */
export interface Pinning {
  /** `tag@digest` for references without a digest; a reference without a tag gets the `latest` that it means. */
  pin(reading: DockerfileReading, pins: readonly ImagePin[], only?: ImageUse): PinPlan;
  /** Other digests for references that have one. */
  move(reading: DockerfileReading, pins: readonly ImagePin[], only?: ImageUse): PinPlan;
  /** Takes the digest away where a tag stays. */
  unpin(reading: DockerfileReading, uses: readonly ImageUse[], only?: ImageUse): PinPlan;
}

export const pinning: Pinning = {
  pin: (reading, pins, only) => plan(reading, pins.map(({ use, digest }) => changeOf(use, ({ digest: pinned, ...reference }) => (
    pinned ? { refusal: { kind: 'pinned already' } } : { wanted: { ...reference, digest }, add: (hasTag(use.text) ? '' : `:${reference.tag ?? 'latest'}`) + `@${digest}` }
  ))), only),
  move: (reading, pins, only) => plan(reading, pins.map(({ use, digest }) => changeOf(use, (reference) => (
    reference.digest ? { wanted: { ...reference, digest }, remove: reference.digest.replace('sha256:', ''), add: digest.replace('sha256:', '') } : { refusal: { kind: 'not pinned' } }
  ))), only),
  unpin: (reading, uses, only) => plan(reading, uses.map((use) => changeOf(use, ({ digest, ...reference }) => {
    if (!digest) return { refusal: { kind: 'not pinned' } };
    return reference.tag === undefined ? { refusal: { kind: 'no tag' } } : { wanted: reference, remove: `@${digest}`, add: '' };
  })), only),
};

/** At the end of a reference: what stands there goes, something else comes. */
interface TailChange { readonly wanted: Reference; readonly remove?: string; readonly add: string }
interface Change extends TailChange { readonly use: ImageUse }
type Refused = { readonly refusal: Refusal };
type Asked = Change | RefusedUse;

function changeOf(use: ImageUse, change: (reference: Reference) => TailChange | Refused): Asked {
  return { use, ...(use.reference ? change(use.reference) : { refusal: { kind: 'no reference' } as const }) };
}

/** Changes that come to one edit. */
interface Group {
  readonly edit: DockerfileEdit;
  readonly changes: readonly Change[];
  readonly end: ReferenceEnd;
}

function plan(reading: DockerfileReading, asked: readonly Asked[], only: ImageUse | undefined): PinPlan {
  const source = new SourceText(reading.text);
  const refused: RefusedUse[] = asked.filter((item) => 'refusal' in item);
  const byPlace = new Map<number, { end: ReferenceEnd; changes: Change[] }>();
  for (const change of asked) {
    if ('refusal' in change) continue;
    const end = placeOf(source, change);
    if ('refusal' in end) refused.push({ use: change.use, refusal: end.refusal });
    else byPlace.set(end.offset, { end, changes: [...(byPlace.get(end.offset)?.changes ?? []), change] });
  }
  const lines = reading.text.split('\n');
  const groups: Group[] = [];
  for (const { end, changes } of byPlace.values()) {
    if (only && !changes.some(({ use }) => use === only)) continue;
    const group = groupOf(source, lines, end, changes, reading);
    if ('refusal' in group) refused.push(...changes.map(({ use }) => ({ use, refusal: group.refusal })));
    else groups.push(group);
  }
  const { good, bad } = proven(reading, groups);
  return {
    edits: good.map(({ edit }) => edit),
    changed: good.flatMap(({ changes }) => changes.map(({ use }) => use)),
    refused: [...refused, ...bad].filter(({ use }) => only === undefined || use === only),
  };
}

/** What is to be removed must stand there in one piece. */
function placeOf(source: SourceText, { use, remove = '' }: Change): ReferenceEnd | Refused {
  const end = referenceEnd(source, use);
  if ('refusal' in end || source.text.slice(end.offset - remove.length, end.offset) === remove) return end;
  return { refusal: end.argument === undefined ? { kind: 'several lines' } : { kind: 'default of parts', name: end.argument } };
}

function groupOf(source: SourceText, lines: readonly string[], end: ReferenceEnd, changes: readonly Change[], { images }: DockerfileReading): Group | Refused {
  const [first, ...others] = changes;
  if (!first || others.some(({ add, remove }) => add !== first.add || remove !== first.remove)) return { refusal: { kind: 'disagreement', name: end.argument ?? '' } };
  const line = end.argument === undefined ? undefined : mentionElsewhere(lines, end.argument, images.uses);
  if (end.argument !== undefined && line !== undefined) return { refusal: { kind: 'used elsewhere', name: end.argument, line } };
  return { edit: { range: source.range(end.offset - (first.remove?.length ?? 0), end.offset), text: first.add }, changes, end };
}

/** Every group alone, when not all of them together are right: one that is wrong must not take the others with it. */
function proven(reading: DockerfileReading, groups: readonly Group[]): { readonly good: readonly Group[]; readonly bad: readonly RefusedUse[] } {
  if (groups.length === 0 || fault(reading, groups) === undefined) return { good: groups, bad: [] };
  const good: Group[] = [];
  const bad: RefusedUse[] = [];
  for (const group of groups) {
    const refusal = fault(reading, [group]);
    if (refusal) bad.push(...group.changes.map(({ use }) => ({ use, refusal })));
    else good.push(group);
  }
  const together = good.length === 0 ? undefined : fault(reading, good);
  return together ? { good: [], bad: [...bad, ...good.flatMap(({ changes }) => changes.map(({ use }) => ({ use, refusal: together })))] } : { good, bad };
}

/** Reads the changed file: the wanted references, and nothing else, are other ones. */
function fault({ text, options, images }: DockerfileReading, groups: readonly Group[]): Refusal | undefined {
  const after = readDockerfile(applyEdits(text, groups.map(({ edit }) => edit)), options);
  if (after.uses.length !== images.uses.length || after.problem?.message.toString() !== images.problem?.message.toString()) return { kind: 'no effect' };
  const wanted = new Map(groups.flatMap(({ changes }) => changes.map(({ use, wanted: reference }) => [use, reference] as const)));
  for (const [index, before] of images.uses.entries()) {
    const now = after.uses[index];
    const reference = wanted.get(before);
    if (now?.platform === before.platform && (reference ? sameReference(now?.reference, reference) : now?.text === before.text)) continue;
    const name = groups.find(({ end }) => end.argument !== undefined)?.end.argument;
    return reference || name === undefined ? { kind: 'no effect' } : { kind: 'used elsewhere', name, line: before.range.start.line };
  }
  return undefined;
}

function sameReference(a: Reference | undefined, b: Reference): boolean {
  return a?.registry === b.registry && a.repository === b.repository && a.tag === b.tag && a.digest === b.digest;
}

function hasTag(text: string): boolean {
  return text.lastIndexOf(':') > text.lastIndexOf('/');
}
