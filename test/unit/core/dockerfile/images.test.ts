// Ranges, origins, stages and messages of image uses; what the corpus table cannot show.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerfile, type DockerfileImages, type TextRange } from '../../../../src/core/dockerfile/images.ts';

function read(text: string, buildArgs: Readonly<Record<string, string>> = {}): DockerfileImages {
  return readDockerfile(text, { buildArgs });
}

/** The text a range covers. */
function at(text: string, range: TextRange | undefined): string | undefined {
  if (range === undefined) return undefined;
  const lines = text.split('\n');
  const offset = ({ line, character }: TextRange['start']): number => lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0) + character;
  return text.slice(offset(range.start), offset(range.end));
}

describe('the range of an image use', () => {
  const ranges: readonly (readonly [string, string, string])[] = [
    ['the word after FROM, flags left out', 'FROM --platform=linux/amd64 alpine:3 AS x', 'alpine:3'],
    ['a quoted word with its quotes', 'FROM "alpine:3" AS x', '"alpine:3"'],
    ['a word with variables', 'FROM a/${X:-b}:1', 'a/${X:-b}:1'],
    ['the value of --from', 'FROM scratch\nCOPY --link --from=nginx:1 /a /b', 'nginx:1'],
    ['a quoted value of --from with its quotes', 'FROM scratch\nCOPY --from="nginx:1" /a /b', '"nginx:1"'],
    ['the value of from in a mount', 'FROM scratch\nRUN --mount=type=bind,from=nginx:1,target=/x ls', 'nginx:1'],
    ['the last value of a mount', 'FROM scratch\nRUN --mount=target=/x,from=nginx:1 ls', 'nginx:1'],
    ['a value within quotes around the mount', 'FROM scratch\nRUN --mount="target=/x,from=nginx:1" ls', 'nginx:1'],
    ['a quoted value within a mount', 'FROM scratch\nRUN --mount=from="nginx:1",target=/x ls', '"nginx:1"'],
    ['a value in CSV quotes', 'FROM scratch\nRUN --mount=\'"from=nginx:1",target=/x\' ls', 'nginx:1'],
    ['a value of ONBUILD', 'FROM scratch\nONBUILD COPY --from=nginx:1 a b', 'nginx:1'],
    ['the first word of the syntax', '# syntax = a/b:1 more', 'a/b:1'],
    ['the syntax in JSON', '{"x": {"syntax": "no"}, "syntax": "a/b:1"}', 'a/b:1'],
    ['characters outside the basic plane before it', '# 🐳\nFROM scratch\nLABEL a="🐳🐳"\nCOPY --from=nginx:1 a b', 'nginx:1'],
    ['what stands behind a flag that is not ASCII', 'FROM scratch\nCOPY --chown=ä --from=nginx:1 a b', 'nginx:1'],
    ['a word behind a byte order mark', '\uFEFFFROM alpine', 'alpine'],
    ['a word between CR LF', 'FROM alpine\r\nRUN x\r\n', 'alpine'],
    ['a word over two lines, the escape within', 'FROM alp\\\nine:3 AS x', 'alp\\\nine:3'],
    ['nothing of the continuation behind it', 'FROM alpine\\\n AS x', 'alpine'],
    ['nothing of the continuation behind a mount value', 'FROM scratch\nRUN --mount=from=nginx:1\\\n,target=/x ls', 'nginx:1'],
  ];
  for (const [name, text, expected] of ranges) {
    it(`is ${name}`, () => {
      const [use] = read(text).uses;
      assert.equal(at(text, use?.range), expected);
      assert.equal(use?.raw, expected.replace('\\\n', ''));
    });
  }

  it('begins on another line than its instruction when continued', () => {
    const [use] = read('FROM \\\n  # c\n  alpine').uses;
    assert.equal(use?.line, 0);
    assert.deepEqual(use.range, { start: { line: 2, character: 2 }, end: { line: 2, character: 8 } });
  });
});

describe('the origins of a reference', () => {
  it('name the ARG, its default and its value', () => {
    const text = 'ARG V="3.20" W=1\nFROM alpine:${V}';
    const [origin, ...others] = read(text).uses[0]?.origins ?? [];
    assert.deepEqual(others, []);
    assert.equal(origin?.kind, 'arg');
    assert.equal(origin.value, '3.20');
    assert.equal(at(text, origin.range), 'V');
    assert.equal(at(text, origin.valueRange), '"3.20"');
  });

  it('name the ARG a setting gave the value for, without a default to edit', () => {
    const text = 'ARG V=1\nFROM alpine:$V';
    const [origin] = read(text, { V: '2' }).uses[0]?.origins ?? [];
    assert.equal(origin?.kind, 'setting');
    assert.equal(origin.value, '2');
    assert.equal(at(text, origin.range), 'V');
    assert.equal(origin.valueRange, undefined);
  });

  it('name a platform argument', () => {
    assert.deepEqual(read('FROM x:$TARGETARCH').uses[0]?.origins, [{ name: 'TARGETARCH', kind: 'platform', value: 'amd64' }]);
  });

  it('name what is missing, and where it is declared', () => {
    const text = 'ARG V\nFROM x:1$V$W';
    const origins = read(text).uses[0]?.origins ?? [];
    assert.deepEqual(origins.map(({ name, kind }) => `${kind} ${name}`), ['missing V', 'missing W']);
    assert.equal(at(text, origins[0]?.range), 'V');
    assert.equal(origins[1]?.range, undefined);
  });

  it('go on to the arguments a default was made of', () => {
    const use = read('ARG R=ghcr.io\nARG B=$R/x$MISSING\nFROM $B:1').uses[0];
    assert.deepEqual(use?.origins.map(({ name, kind }) => `${kind} ${name}`), ['arg B', 'arg R', 'missing MISSING']);
    assert.deepEqual(use.missing, ['MISSING']);
  });

  it('name a variable once however often it is used', () => {
    const use = read('FROM x$A/y$A:1$A').uses[0];
    assert.deepEqual(use?.missing, ['A']);
    assert.equal(use.origins.length, 1);
  });

  it('leave out the branch that was not taken', () => {
    const use = read('ARG A=1\nFROM x:${A:-$B}${C:+$D}').uses[0];
    assert.deepEqual(use?.origins.map(({ name }) => name), ['A', 'C']);
    assert.deepEqual(use.missing, []);
  });

  it('do not call missing what a default takes the place of', () => {
    const use = read('FROM x:${A:-1}').uses[0];
    assert.deepEqual(use?.missing, []);
    assert.equal(use.origins[0]?.kind, 'missing');
  });
});

describe('an image use without a valid reference', () => {
  it('names the argument that has no value, and what to do', () => {
    const use = read('ARG IMAGE\nFROM ${IMAGE}:1').uses[0];
    assert.equal(use?.unresolved?.code, 'REFERENCE_INVALID');
    assert.match(use.unresolved.message, /"IMAGE"/);
    assert.notEqual(use.unresolved.remedy, undefined);
    assert.equal(use.reference, undefined);
  });

  it('refuses the file as BuildKit does, except for digests only this project cannot verify', () => {
    assert.notEqual(read('FROM a//b').problem, undefined);
    const found = read(`FROM alpine@sha512:${'a'.repeat(128)}`);
    assert.equal(found.problem, undefined);
    assert.equal(found.uses[0]?.unresolved?.code, 'REFERENCE_INVALID');
  });
});

describe('the stage of an image use', () => {
  it('is the name in lower case, or the index', () => {
    const { uses } = read('# syntax=a/b\nFROM x AS Build\nCOPY --from=y a b\nFROM z\nRUN --mount=from=w,target=/x ls\nONBUILD COPY --from=v a b');
    assert.deepEqual(uses.map(({ kind, stage }) => [kind, stage]), [
      ['syntax', undefined], ['from', 'build'], ['copy-from', 'build'], ['from', 1], ['mount-from', 1], ['onbuild', 1],
    ]);
  });
});

describe('the problem of a file', () => {
  const firsts: readonly (readonly [string, string, string])[] = [
    ['what the parser refuses comes before what an instruction is refused for', 'RUNN x\nFROM a\nCMD [1]', '[1]'],
    ['what an instruction is refused for comes before its words', 'FROM a\nWORKDIR ${\nCOPY x', 'COPY x'],
    ['an ARG default comes before a FROM', 'ARG A=${\nFROM ${', '${'],
    ['a line that is no instruction', 'FROM a\nnope x', 'nope'],
    ['a flag', 'FROM a\nRUN --moutn=x ls', '--moutn=x'],
    ['a word in a stage', 'FROM a\nENV A="x', '"x'],
  ];
  for (const [name, text, expected] of firsts) {
    it(`is the first for BuildKit: ${name}`, () => assert.equal(at(text, read(text).problem?.range), expected));
  }

  it('is absent from a file BuildKit builds', () => assert.equal(read('FROM alpine\nRUN true').problem, undefined));
  it('is there for an empty file', () => assert.notEqual(read('').problem, undefined));

  it('is a line of more than 65,535 bytes, counted as UTF-8, and what follows is read all the same', () => {
    assert.equal(read(`FROM a\nRUN ${'x'.repeat(65_531)}\nFROM b`).problem, undefined);
    for (const filling of ['x'.repeat(65_532), 'ä'.repeat(32_766)]) {
      const found = read(`FROM a\nRUN ${filling}\nFROM b`);
      assert.equal(found.problem?.range.start.line, 1);
      assert.deepEqual(found.uses.map(({ text }) => text), ['a', 'b']);
    }
  });

  it('counts the images named before as stages by index, as BuildKit does', () => {
    assert.equal(read('FROM a\nCOPY --from=x a b\nCOPY --from=1 a b').problem, undefined);
    assert.notEqual(read('FROM a\nCOPY --from=2 a b').problem, undefined);
  });

  it('is an ONBUILD of the base only where a stage runs it', () => {
    assert.equal(read('FROM a AS base\nONBUILD COPY x').problem, undefined);
    assert.notEqual(read('FROM a AS base\nONBUILD COPY x\nFROM base').problem, undefined);
  });
});

describe('hostile text', () => {
  const million = (part: string): string => part.repeat(Math.ceil(1_000_000 / part.length));
  for (const part of ['$', '${', '${a:-', '${a/', '<<', '\\', '\\\n', '"', "'", '--', '--mount=', '[', '{', 'é', '\u00a0', '\ud800', '\r', 'ONBUILD ']) {
    it(`is read to its end: a megabyte of ${JSON.stringify(part)}`, () => {
      for (const text of [million(part), `FROM ${million(part)}`, `FROM a\nRUN --mount=${million(part)}`]) {
        assert.notEqual(read(text).problem, undefined);
      }
    });
  }

  it('cannot fill the memory with values that double', () => {
    const use = read(`ARG A=xxxxxxxx\n${'ARG A=$A$A\n'.repeat(1000)}FROM $A`);
    assert.ok((use.uses[0]?.text.length ?? 0) <= 16_384);
    assert.notEqual(use.problem, undefined);
  });

  it('cannot make patterns search for ever', () => {
    const found = read(`ARG A=${'a'.repeat(16_000)}\nARG P=${'*a'.repeat(5_000)}b\n${'FROM ${A//${P}/x}\n'.repeat(2_000)}`);
    assert.equal(found.uses.length, 2_000);
  });

  it('does not take names of object members for variables', () => {
    assert.deepEqual(read('FROM x:1$constructor$__proto__').uses[0]?.missing, ['constructor', '__proto__']);
    assert.notEqual(read('FROM a\nCOPY --constructor=1 --from=b c d').problem, undefined);
  });
});
