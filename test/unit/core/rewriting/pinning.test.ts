// Pinning, unpinning and moving pins: which edits, and that they change exactly what they should, on every shape of Dockerfile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import { readDockerfile, type DockerfileOptions, type ImageUse } from '../../../../src/core/dockerfile/images.ts';
import { familiarName } from '../../../../src/core/oci/reference.ts';
import { applyEdits } from '../../../../src/core/rewriting/edits.ts';
import { pinning, type DockerfileReading, type PinPlan } from '../../../../src/core/rewriting/pinning.ts';
import { readCorpus } from '../../../fixtures/dockerfiles/corpus.ts';

const digest = (char: string): Digest => `sha256:${char.repeat(64)}` as Digest;
const [a, b] = [digest('a'), digest('b')];

const readingOf = (text: string, options: DockerfileOptions = { buildArgs: {} }): DockerfileReading => ({ text, options, images: readDockerfile(text, options) });

type Row = readonly [string, string, string, DockerfileOptions?];

/** One digest per name, as a registry would answer. */
function digestOf(use: ImageUse): Digest {
  let sum = 7;
  for (const byte of new TextEncoder().encode(familiarName(use.reference ?? assert.fail('no reference')))) sum = (sum * 31 + byte) % 0xffff_ffff;
  return digest(sum.toString(16).slice(-1));
}

const pinnable = (use: ImageUse): boolean => use.reference !== undefined && use.reference.digest === undefined;

function pinAll(reading: DockerfileReading): PinPlan {
  return pinning.pin(reading, reading.images.uses.filter(pinnable).map((use) => ({ use, digest: digestOf(use) })));
}

/** The Dockerfile afterwards, or why not. The use is the last one; others are not pinned with it. */
function pinned(text: string, options?: DockerfileOptions): string {
  const reading = readingOf(text, options);
  const use = reading.images.uses.at(-1) ?? assert.fail('no use');
  const { edits, refused: [refused] } = pinning.pin(reading, [{ use, digest: a }]);
  if (refused) return `refused: ${JSON.stringify(refused.refusal)}`;
  assert.equal(edits.length, 1);
  return applyEdits(text, edits);
}

describe('pinning an image', () => {
  for (const [name, before, after, options] of [
    ['a tag', 'FROM alpine:3', `FROM alpine:3@${a}`],
    ['no tag: the latest that is meant stands there', 'FROM alpine', `FROM alpine:latest@${a}`],
    ['a port and no tag', 'FROM localhost:5000/app', `FROM localhost:5000/app:latest@${a}`],
    ['--platform, AS, blanks and comments', '# alpine:3\nFROM  --platform=$BUILDPLATFORM   alpine:3   AS  x\n# end', `# alpine:3\nFROM  --platform=$BUILDPLATFORM   alpine:3@${a}   AS  x\n# end`],
    ['double quotes', 'FROM "alpine:3" AS x', `FROM "alpine:3@${a}" AS x`],
    ['single quotes', "FROM 'alpine:3'", `FROM 'alpine:3@${a}'`],
    ['quotes around a part', 'FROM alpine:"3"', `FROM alpine:"3@${a}"`],
    ['CRLF', 'FROM alpine:3\r\nRUN x\r\n', `FROM alpine:3@${a}\r\nRUN x\r\n`],
    ['a byte order mark', '\uFEFFFROM alpine:3', `\uFEFFFROM alpine:3@${a}`],
    ['a continuation before', 'FROM \\\n  alpine:3 \\\n  AS x', `FROM \\\n  alpine:3@${a} \\\n  AS x`],
    ['a continuation within', 'FROM alp\\\nine:3', `FROM alp\\\nine:3@${a}`],
    ['another escape', '# escape=`\nFROM `\n alpine:3', `# escape=\`\nFROM \`\n alpine:3@${a}`],
    ['behind a heredoc', 'FROM alpine:1\nRUN <<EOF\nFROM x:1\nEOF\nFROM alpine:3', `FROM alpine:1\nRUN <<EOF\nFROM x:1\nEOF\nFROM alpine:3@${a}`],
    ['COPY --from', 'FROM scratch\nCOPY --link --from=alpine:3 --chown=0 /a /b', `FROM scratch\nCOPY --link --from=alpine:3@${a} --chown=0 /a /b`],
    ['COPY --from in quotes', 'FROM scratch\nCOPY --from="alpine:3" /a /b', `FROM scratch\nCOPY --from="alpine:3@${a}" /a /b`],
    ['a mount', 'FROM scratch\nRUN --mount=type=bind,from=alpine:3,target=/x ls', `FROM scratch\nRUN --mount=type=bind,from=alpine:3@${a},target=/x ls`],
    ['a mount in quotes', 'FROM scratch\nRUN --mount="type=bind,from=alpine:3" ls', `FROM scratch\nRUN --mount="type=bind,from=alpine:3@${a}" ls`],
    ['ONBUILD', 'FROM scratch\nONBUILD COPY --from=alpine:3 /a /b', `FROM scratch\nONBUILD COPY --from=alpine:3@${a} /a /b`],
    ['# syntax', '# syntax=docker/dockerfile:1', `# syntax=docker/dockerfile:1@${a}`],
    ['# syntax without a tag, and words behind it', '# syntax=docker/dockerfile x=y', `# syntax=docker/dockerfile:latest@${a} x=y`],
    ['a JSON frontend', '{"syntax":"r.io/x:1","a":1}', `{"syntax":"r.io/x:1@${a}","a":1}`],
    ['a default that is the tag', 'ARG V=3\nFROM alpine:${V}', `ARG V=3@${a}\nFROM alpine:\${V}`],
    ['a default without braces', 'ARG V=3\nFROM alpine:$V AS x', `ARG V=3@${a}\nFROM alpine:$V AS x`],
    ['a default in quotes', 'ARG V="3" W=1\nFROM "alpine:${V}"', `ARG V="3@${a}" W=1\nFROM "alpine:\${V}"`],
    ['a default that is all', 'ARG BASE=alpine:3\nFROM ${BASE}', `ARG BASE=alpine:3@${a}\nFROM \${BASE}`],
    ['a default that is all, without a tag', 'ARG BASE=alpine\nFROM ${BASE}', `ARG BASE=alpine:latest@${a}\nFROM \${BASE}`],
    ['the ARG that ends the reference', 'ARG IMAGE=alpine\nARG TAG=3\nFROM ${IMAGE}:${TAG}', `ARG IMAGE=alpine\nARG TAG=3@${a}\nFROM \${IMAGE}:\${TAG}`],
    ['a default that is the end of the tag', 'ARG S=-slim\nFROM node:20${S}', `ARG S=-slim@${a}\nFROM node:20\${S}`],
    ['text behind a variable', 'ARG V=20\nFROM node:${V}-slim', `ARG V=20\nFROM node:\${V}-slim@${a}`],
    ['a default made of another', 'ARG V=3\nARG BASE=alpine:${V}\nFROM ${BASE}', `ARG V=3@${a}\nARG BASE=alpine:\${V}\nFROM \${BASE}`],
    ['a word that stands in for a missing value', 'FROM alpine:${V:-3}', `FROM alpine:\${V:-3@${a}}`],
    ['the same in quotes', 'ARG V\nFROM "alpine:${V-3}"', `ARG V\nFROM "alpine:\${V-3@${a}}"`],
    ['a value before the word that would stand in', 'ARG V=3\nFROM alpine:${V:-2}', `ARG V=3@${a}\nFROM alpine:\${V:-2}`],
    ['a word made of another variable', 'ARG W=3\nFROM alpine:${V:-${W}}', `ARG W=3@${a}\nFROM alpine:\${V:-\${W}}`],
    ['an ARG that text only mentions', 'ARG V=3\n# V\nFROM alpine:$V\nRUN echo V', `ARG V=3@${a}\n# V\nFROM alpine:$V\nRUN echo V`],
  ] as Row[]) {
    it(`changes and keeps what it should: ${name}`, () => {
      assert.equal(pinned(before, options), after);
      const reading = readingOf(after);
      const use = reading.images.uses.at(-1) ?? assert.fail('no use');
      const undone = applyEdits(after, pinning.unpin(reading, [use]).edits);
      assert.equal(undone.replace(/:latest(?=\W|$)/g, ''), before.replace(/:latest(?=\W|$)/g, ''));
    });
  }

  for (const [name, text, why, options] of [
    ['a digest', `FROM alpine:3@${b}`, 'pinned already'],
    ['an unresolved reference', 'FROM ${NOTHING}', 'no reference'],
    ['a value of the settings', 'ARG V=1\nFROM alpine:${V}', 'setting', { buildArgs: { V: '2' } }],
    ['a frontend of the settings', '# syntax=docker/dockerfile:1', 'setting', { buildArgs: { BUILDKIT_SYNTAX: 'r.io/x:1' } }],
    ['an empty value at the end', 'ARG S=\nFROM alpine:3$S', 'no default'],
    ['a missing value at the end', 'FROM alpine:3$S', 'no default'],
    ['a platform at the end', 'FROM alpine:$TARGETARCH', 'no default'],
    ['a modifier', 'ARG V=v3\nFROM alpine:${V#v}', 'variables'],
    ['a default that a stage uses', 'FROM x AS s\nFROM scratch\nARG V\nRUN echo $V\nFROM alpine:3', 'none'],
    ['an ARG that a stage takes over', 'ARG V=3\nFROM alpine:$V\nARG V\nRUN echo $V', 'used elsewhere'],
    ['an ARG in another ARG that a stage takes over', 'ARG V=3\nARG B=alpine:$V\nFROM $B\nARG B', 'used elsewhere'],
    ['an ARG on a continued line', 'ARG V=3\nFROM alpine:$V\nARG X \\\n V', 'used elsewhere'],
    ['an ARG in --platform', 'ARG V=linux\nFROM --platform=$V alpine:$V', 'used elsewhere'],
    ['an ARG that another image has too', 'ARG V=3\nFROM busybox:$V\nFROM alpine:$V', 'used elsewhere'],
    ['a variable twice in one reference', 'ARG V=3\nFROM r.io/x$V:$V', 'no effect'],
    ['an ARG declared twice', 'ARG V=3\nARG W=$V\nARG V=4\nFROM r.io/$W:$V', 'variables'],
  ] as Row[]) {
    it(`explains and changes nothing: ${name}`, () => {
      if (why === 'none') assert.doesNotMatch(pinned(text, options), /^refused/);
      else assert.match(pinned(text, options), new RegExp(`^refused: {"kind":"${why}"`));
    });
  }
});

describe('pinning several images', () => {
  it('edits a default once that all of its images agree on', () => {
    const text = 'ARG V=3\nFROM alpine:$V AS x\nFROM alpine:${V}\nFROM busybox:1';
    const plan = pinAll(readingOf(text));
    assert.deepEqual([plan.edits.length, plan.changed.length, plan.refused.length], [2, 3, 0]);
  });

  it('pins with one image those of the same default, and no others', () => {
    const reading = readingOf('ARG V=3\nFROM alpine:$V AS x\nFROM alpine:${V}\nFROM busybox:1');
    const plan = pinning.pin(reading, reading.images.uses.map((use) => ({ use, digest: a })), reading.images.uses[1]);
    assert.equal(applyEdits(reading.text, plan.edits), `ARG V=3@${a}\nFROM alpine:$V AS x\nFROM alpine:\${V}\nFROM busybox:1`);
    assert.deepEqual(plan.changed.map(({ line }) => line), [1, 2]);
  });

  it('leaves a default whose images have different digests, and pins the rest', () => {
    const reading = readingOf('ARG V=3\nFROM alpine:$V\nFROM busybox:$V\nFROM debian:1');
    const [alpine, busybox, debian] = reading.images.uses;
    assert.ok(alpine && busybox && debian);
    const plan = pinning.pin(reading, [{ use: alpine, digest: a }, { use: busybox, digest: b }, { use: debian, digest: b }]);
    assert.equal(applyEdits(reading.text, plan.edits), `ARG V=3\nFROM alpine:$V\nFROM busybox:$V\nFROM debian:1@${b}`);
    assert.deepEqual(plan.refused.map(({ use, refusal }) => [use.text, refusal.kind]), [['alpine:3', 'disagreement'], ['busybox:3', 'disagreement']]);
  });

  it('leaves a default that an image without a verified digest shares', () => {
    const reading = readingOf('ARG V=3\nFROM alpine:$V\nFROM busybox:$V\nFROM debian:1');
    const [alpine, , debian] = reading.images.uses;
    assert.ok(alpine && debian);
    const plan = pinning.pin(reading, [{ use: alpine, digest: a }, { use: debian, digest: b }]);
    assert.deepEqual(plan.refused.map(({ refusal }) => refusal), [{ kind: 'used elsewhere', name: 'V', line: 2 }]);
    assert.deepEqual(plan.changed, [debian]);
  });
});

describe('unpinning and moving a pin', () => {
  const change = (text: string, kind: 'unpin' | 'move'): string => {
    const reading = readingOf(text);
    const { uses } = reading.images;
    const { edits, refused: [refused] } = kind === 'unpin' ? pinning.unpin(reading, uses) : pinning.move(reading, uses.map((use) => ({ use, digest: b })));
    return refused ? `refused: ${refused.refusal.kind}` : applyEdits(text, edits);
  };
  for (const [name, text, unpinned, moved] of [
    ['tag and digest', `FROM alpine:3@${a} AS x`, 'FROM alpine:3 AS x', `FROM alpine:3@${b} AS x`],
    ['a digest alone', `FROM alpine@${a}`, 'refused: no tag', `FROM alpine@${b}`],
    ['a tag alone', 'FROM alpine:3', 'refused: not pinned', 'refused: not pinned'],
    ['quotes', `FROM "alpine:3@${a}"`, 'FROM "alpine:3"', `FROM "alpine:3@${b}"`],
    ['a default', `ARG V=3@${a}\nFROM alpine:$V`, 'ARG V=3\nFROM alpine:$V', `ARG V=3@${b}\nFROM alpine:$V`],
    ['a digest in a variable of its own', `ARG D=${a}\nFROM alpine:3@$D`, 'refused: default of parts', `ARG D=${b}\nFROM alpine:3@$D`],
    ['the digits in a variable of their own', `ARG D=${'a'.repeat(64)}\nFROM alpine:3@sha256:$D`, 'refused: default of parts', `ARG D=${'b'.repeat(64)}\nFROM alpine:3@sha256:$D`],
    ['a digest over two lines', `FROM alpine:3@sha256:${'a'.repeat(32)}\\\n${'a'.repeat(32)}`, 'refused: several lines', 'refused: several lines'],
    ['a default shared by two', `ARG V=3@${a}\nFROM alpine:$V\nFROM alpine:$V`, 'ARG V=3\nFROM alpine:$V\nFROM alpine:$V', `ARG V=3@${b}\nFROM alpine:$V\nFROM alpine:$V`],
  ] as const) {
    it(`changes exactly that: ${name}`, () => assert.deepEqual([change(text, 'unpin'), change(text, 'move')], [unpinned, moved]));
  }
});

/** The set of images with the digests they should have now. */
function holds(reading: DockerfileReading, plan: PinPlan): void {
  const after = readingOf(applyEdits(reading.text, plan.edits), reading.options);
  const changed = new Set(plan.changed);
  assert.deepEqual(after.images.problem?.message, reading.images.problem?.message);
  assert.deepEqual(after.images.uses.map(({ kind, reference, platform, stage }) => ({ kind, reference, platform, stage })), reading.images.uses.map((use) => {
    const { kind, reference, platform, stage } = use;
    return { kind, reference: changed.has(use) && reference ? { ...reference, digest: digestOf(use) } : reference, platform, stage };
  }));
  assert.deepEqual(plan.edits.map(({ text }) => text.replace(/sha256:[0-9a-f]{64}$/, '')).filter((text) => !/^(?::latest)?@$/.test(text)), []);
  const undone = pinning.unpin(after, after.images.uses.filter((_, index) => changed.has(reading.images.uses[index] ?? assert.fail('no use'))));
  assert.deepEqual(undone.refused, []);
  const explicit = plan.edits.map((edit) => ({ ...edit, text: edit.text.startsWith(':latest') ? ':latest' : '' }));
  assert.equal(applyEdits(after.text, undone.edits), applyEdits(reading.text, explicit));
}

describe('pinning the corpus', () => {
  const cases = readCorpus().map(({ name, text, buildArgs, platform }) => ({ name, text, options: { buildArgs, ...(platform === undefined ? {} : { platform }) } }));
  const forms: readonly (readonly [string, (text: string) => string])[] = [['LF', (text) => text], ['CRLF', (text) => text.replaceAll('\n', '\r\n')], ['a byte order mark', (text) => `\uFEFF${text}`]];
  for (const [form, change] of forms) {
    it(`gives the same images with digests, and unpinning the same bytes, with ${form}`, () => {
      for (const { name, text, options } of cases) {
        const reading = readingOf(change(text), options);
        try {
          holds(reading, pinAll(reading));
        } catch (error) {
          throw new Error(name, { cause: error });
        }
      }
    });
  }

  it('pins nearly all of its images, and says why not for each of the others', () => {
    const refused = new Map<string, number>();
    let changed = 0;
    for (const { text, options } of cases) {
      const plan = pinAll(readingOf(text, options));
      changed += plan.changed.length;
      for (const { refusal: { kind } } of plan.refused) refused.set(kind, (refused.get(kind) ?? 0) + 1);
      assert.equal(plan.changed.length + plan.refused.length, readingOf(text, options).images.uses.filter(pinnable).length);
    }
    const total = [...refused.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(changed > 240 && total < changed / 5, `${changed} pinned; refused: ${JSON.stringify([...refused])}`);
  });
});

describe('pinning random Dockerfiles', () => {
  const word = fc.constantFrom('alpine', 'a/b:1', 'host:5000/x', 'r.io/x:$V', '$B', '${B}', 'x:${W:-w}', '"q:1"', "'q'", 'q:"$V"', 'x:$V-slim', 'Build', 'base', `p:1@${b}`, '${B:-alpine}', 'x$V', '${V#1}');
  const line = fc.oneof(
    fc.record({ image: word, name: fc.constantFrom('', ' AS base', ' AS Build', ' as other'), gap: fc.constantFrom(' ', ' \\\n', '\t', ' --platform=linux/arm64 ') }).map(({ image, name, gap }) => `FROM${gap}${image}${name}`),
    word.map((image) => `COPY --from=${image} --link /a /b`),
    word.map((image) => `RUN --mount=type=bind,target=/x,from=${image} ls /x`),
    word.map((image) => `ONBUILD COPY --from=${image} /a /b`),
    fc.constantFrom('RUN make $V', 'ENV A=b', 'ARG V', 'ARG B=$V', '# FROM alpine $V', 'RUN <<EOF\nFROM alpine\nEOF', '', 'LABEL V=1'),
  );
  const argument = fc.constantFrom('ARG V=1', 'ARG V="2"', 'ARG B=alpine', 'ARG B=alpine:$V', 'ARG B="a/b:${V}"', 'ARG W', 'ARG V=1 B=x:y', 'ARG V=', "ARG B='x:1'");
  const file = fc.record({
    head: fc.constantFrom('', '# syntax=docker/dockerfile:1\n', '# escape=`\n', '# syntax=docker/dockerfile\n# escape=\\\n'),
    args: fc.array(argument, { maxLength: 4 }), lines: fc.array(line, { minLength: 1, maxLength: 10 }), end: fc.constantFrom('\n', '\r\n'),
  }).map(({ head, args, lines, end }) => (head + [...args, 'FROM first', ...lines].join('\n')).replaceAll('\n', end));

  it('gives the same images with digests, and unpinning the same bytes', () => {
    fc.assert(fc.property(file, (text) => {
      const reading = readingOf(text);
      holds(reading, pinAll(reading));
    }), { numRuns: 1500 });
  });

  it('changes with one image only what is asked', () => {
    fc.assert(fc.property(file, fc.nat(10), (text, at) => {
      const reading = readingOf(text);
      const uses = reading.images.uses.filter(pinnable);
      const only = uses[at % uses.length];
      const plan = pinning.pin(reading, uses.map((use) => ({ use, digest: digestOf(use) })), only);
      holds(reading, plan);
      assert.ok(plan.edits.length <= 1 && (plan.edits.length === 0 || plan.changed.some((use) => use === only)));
    }), { numRuns: 500 });
  });
});
