// What holds for every text, and for every change that does not touch an image.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DockerfileParser } from 'dockerfile-ast';
import fc from 'fast-check';
import { readDockerfile, type ImageUse, type TextPosition } from '../../../../src/core/dockerfile/images.ts';
import { readCorpus } from '../../../fixtures/dockerfiles/corpus.ts';

const corpus = readCorpus();

function usesOf(text: string): readonly ImageUse[] {
  return readDockerfile(text, { buildArgs: { V: 'given' } }).uses;
}

function namesOf(text: string): readonly string[] {
  return usesOf(text).map(({ kind, text: name }) => `${kind} ${name}`);
}

function offsetIn(text: string, { line, character }: TextPosition): number {
  return text.split('\n').slice(0, line).reduce((sum, { length }) => sum + length + 1, 0) + character;
}

const scraps = fc.constantFrom(
  'FROM ', 'from', ' AS ', 'ARG ', 'RUN ', 'COPY ', 'ADD ', 'ONBUILD ', 'ENV ', '--from=', '--mount=', 'from=', 'type=bind,', '--platform=', '--', ',', '=', 'alpine', 'a/b:1', 'Build', 'scratch', '0',
  '$', '${', '}', ':-', ':+', '#', '##', '%', '/', '//', '*', '?', '$V', '${V:-x}', '"', "'", '\\', '`', '\\\n', ' \\\n', '\n', '\r\n', '\r', '\f', '\t', ' ', '\u00a0', '\uFEFF', 'é', '🐳', '\ud800',
  '<<', '<<-', '<<EOF', 'EOF', '\nEOF\n', '# syntax=', '# escape=`', '// syntax=', '#!', '[', ']', '{', '"syntax":',
);
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.array(scraps, { maxLength: 40 }).map((parts) => parts.join('')));

/** Files of whole instructions, without heredocs, continuations or directives, each instruction an array of words. */
const word = fc.constantFrom('alpine', 'a/b:1', 'host:5000/x', '$V', '${W:-w}', '"q"', 'Build', 'base');
const instruction = fc.oneof(
  fc.record({ image: word, name: fc.option(fc.constantFrom('base', 'Build', 'other')) }).map(({ image, name }) => ['FROM', image, ...(name === null ? [] : ['AS', name])]),
  word.map((image) => ['COPY', `--from=${image}`, '--link', '/a', '/b']),
  word.map((image) => ['RUN', '--mount=type=bind,target=/x,from=' + image, 'ls', '/x']),
  word.map((image) => ['ONBUILD', 'COPY', `--from=${image}`, '/a', '/b']),
  fc.constantFrom(['RUN', 'make'], ['ENV', 'A=b'], ['CMD', '["x"]']),
);
const plainFile = fc.array(instruction, { minLength: 1, maxLength: 12 }).map((rest) => [['ARG', 'V=1', 'W'], ['FROM', 'first'], ...rest]);
const toText = (file: readonly (readonly string[])[]): string => file.map((words) => words.join(' ')).join('\n');

describe('any text', () => {
  it('is read without throwing, with ranges in it, in document order, each with a reference or a reason', () => {
    fc.assert(fc.property(anyText, (text) => {
      const { uses, problem } = readDockerfile(text, { buildArgs: {} });
      let last = 0;
      for (const use of uses) {
        const start = offsetIn(text, use.range.start);
        const end = offsetIn(text, use.range.end);
        assert.ok(last <= start && start <= end && end <= text.length);
        last = start;
        assert.ok(use.line <= use.range.start.line);
        assert.equal(use.reference === undefined, use.unresolved !== undefined);
        const written = text.slice(start, end);
        if (!written.includes('\n')) assert.equal(use.raw, written);
      }
      if (problem) assert.ok(offsetIn(text, problem.range.end) <= text.length);
    }), { numRuns: 3000 });
  });
});

describe('the set of images', () => {
  it('does not change with comments and empty lines between instructions', () => {
    fc.assert(fc.property(plainFile, fc.array(fc.constantFrom('', '# FROM x', '   ', '\t# c'), { minLength: 1, maxLength: 3 }), fc.nat(12), (file, lines, place) => {
      const text = toText(file);
      const at = 1 + Math.min(place, file.length - 1);
      const changed = [...text.split('\n').slice(0, at), ...lines, ...text.split('\n').slice(at)].join('\n');
      assert.deepEqual(namesOf(changed), namesOf(text));
      const moved = usesOf(text).map(({ line }) => (line >= at ? line + lines.length : line));
      assert.deepEqual(usesOf(changed).map(({ line }) => line), moved);
    }));
  });

  it('does not change when words are continued on the next line', () => {
    fc.assert(fc.property(plainFile, fc.infiniteStream(fc.constantFrom(' ', ' \\\n', ' \\\n  ', ' \\\n# c\n\n', '\t')), (file, separators) => {
      const changed = file.map((words) => words.map((one, index) => (index === 0 ? one : `${separators.next().value}${one}`)).join('')).join('\n');
      assert.deepEqual(namesOf(changed), namesOf(toText(file)));
      assert.deepEqual(usesOf(changed).map(({ raw }) => raw), usesOf(toText(file)).map(({ raw }) => raw));
    }));
  });

  it('does not change with what stands in a heredoc', () => {
    fc.assert(fc.property(plainFile, fc.array(anyText), (file, body) => {
      const lines = body.join('\n').split('\n').filter((line) => line.replace(/\r+$/, '') !== 'END');
      const changed = `${toText(file)}\nRUN cat <<END\n${lines.join('\n')}\nEND\nFROM last`;
      assert.deepEqual(namesOf(changed), [...namesOf(toText(file)), 'from last']);
    }));
  });

  it('does not change with the line ends', () => {
    fc.assert(fc.property(plainFile, (file) => {
      assert.deepEqual(namesOf(toText(file).replaceAll('\n', '\r\n')), namesOf(toText(file)));
    }));
  });
});

describe('a Dockerfile library', () => {
  it('gives the same ranges for FROM where it and BuildKit agree', () => {
    let compared = 0;
    for (const { text, images } of corpus) {
      const uses = readDockerfile(text, { buildArgs: {} }).uses.filter(({ kind }) => kind === 'from');
      const froms = DockerfileParser.parse(text).getFROMs();
      const instructions = text.split('\n').filter((line) => /^\s*from\s/i.test(line)).length;
      if (froms.length !== instructions || uses.length !== froms.length || images.length === 0 || /<<|`|#!|"a b"/.test(text)) continue;
      for (const [index, from] of froms.entries()) {
        assert.deepEqual(uses[index]?.range, from.getImageRange(), text);
        compared++;
      }
    }
    assert.ok(compared > 100, `${compared} compared`);
  });
});
