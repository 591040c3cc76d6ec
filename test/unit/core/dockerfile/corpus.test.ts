// The corpus: every Dockerfile gives exactly the images its build pulls.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerfile, type DockerfileImages, type ImageUse } from '../../../../src/core/dockerfile/images.ts';
import { readCorpus, type CorpusCase } from '../../../fixtures/dockerfiles/corpus.ts';

const cases = readCorpus();

function show({ kind, line, text, unresolved, missing, platform }: ImageUse): string {
  const marks = [unresolved ? ' !' : '', ...missing.map((name) => ` -${name}`), platform === undefined ? '' : ` ~${platform}`];
  return `${kind}@${line + 1} ${text}${marks.join('')}`;
}

function read({ buildArgs, platform }: CorpusCase, text: string): DockerfileImages {
  return readDockerfile(text, { buildArgs, ...(platform === undefined ? {} : { platform }) });
}

describe('corpus of Dockerfiles', () => {
  it('holds at least 150 shapes, each under its own name', () => {
    assert.ok(cases.length >= 150, `${cases.length} cases`);
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  });

  for (const one of cases) {
    it(one.name, () => {
      const found = read(one, one.text);
      assert.deepEqual(found.uses.map(show), one.images);
      assert.equal(found.problem && found.problem.range.start.line + 1, one.refusedAt, found.problem?.message.toString() ?? 'no problem found');
      for (const use of found.uses) assert.equal(use.reference === undefined, use.unresolved !== undefined);
    });
  }

  it('gives the same images with CRLF line ends', () => {
    for (const one of cases) assert.deepEqual(read(one, one.text.replaceAll('\n', '\r\n')).uses.map(show), one.images, one.name);
  });

  it('gives the same images behind a byte order mark', () => {
    for (const one of cases) assert.deepEqual(read(one, `\uFEFF${one.text}`).uses.map(show), one.images, one.name);
  });
});
