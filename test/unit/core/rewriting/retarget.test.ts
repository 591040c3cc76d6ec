// Rewriting a reference to name the copy: which edits, with the real reader of Dockerfiles.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerfile, type DockerfileOptions } from '../../../../src/core/dockerfile/images.ts';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import { retarget } from '../../../../src/core/rewriting/retarget.ts';
import { english } from '../../../../src/presentation/translate.ts';
import { refusalWords } from '../../../../src/presentation/rewritingText.ts';
import { applyEdits } from '../../../../src/core/rewriting/edits.ts';
import type { Digest } from '../../../../src/core/crypto/digest.ts';

const digest = (char: string): Digest => `sha256:${char.repeat(64)}` as Digest;

const d = digest('a');

/** The Dockerfile afterwards, or the refusal. The use is the last one. */
function rewritten(text: string, destination: string, options: DockerfileOptions = { buildArgs: {} }): string {
  const { uses } = readDockerfile(text, options);
  const use = uses.at(-1) ?? assert.fail('no use');
  const result = retarget(text, use, { ...parseReference(destination), digest: d });
  if ('refusal' in result) return `refused: ${refusalWords(result.refusal, english)}`;
  const after = applyEdits(text, result.edits);
  const reread = readDockerfile(after, options).uses.at(-1);
  const wanted = parseReference(destination);
  assert.deepEqual([reread?.reference?.registry, reread?.reference?.repository], [wanted.registry, wanted.repository]);
  return after;
}

describe('rewriting a reference', () => {
  const dest = 'r.io/me/app:1';
  for (const [name, before, after, destination = dest] of [
    ['a plain name with a tag', 'FROM ghcr.io/o/app:1', 'FROM r.io/me/app:1'],
    ['another tag at the destination', 'FROM ghcr.io/o/app:1', 'FROM r.io/me/app:2', 'r.io/me/app:2'],
    ['no tag where none was written and none is needed', 'FROM alpine', 'FROM r.io/me/alpine', 'r.io/me/alpine:latest'],
    ['a tag where it is needed', 'FROM alpine', 'FROM r.io/me/alpine:3', 'r.io/me/alpine:3'],
    ['tag and digest', `FROM ghcr.io/o/app:1@${digest('e')}`, `FROM r.io/me/app:1@${d}`],
    ['a digest alone', `FROM ghcr.io/o/app@${digest('e')}`, `FROM r.io/me/app@${d}`],
    ['a digest where the destination has no tag', 'FROM ghcr.io/o/app:1', `FROM r.io/me/app@${d}`, `r.io/me/app@${d}`],
    ['--platform and AS', 'FROM --platform=linux/amd64 ghcr.io/o/app:1 AS build', 'FROM --platform=linux/amd64 r.io/me/app:1 AS build'],
    ['quotes', 'FROM "ghcr.io/o/app:1" AS x', 'FROM "r.io/me/app:1" AS x'],
    ['comments and what stands around', '# ghcr.io/o/app:1\nFROM   ghcr.io/o/app:1\n# end', '# ghcr.io/o/app:1\nFROM   r.io/me/app:1\n# end'],
    ['COPY --from', 'FROM scratch\nCOPY --from=ghcr.io/o/app:1 /a /b', 'FROM scratch\nCOPY --from=r.io/me/app:1 /a /b'],
    ['a port', 'FROM localhost:5000/app:1', 'FROM localhost:6000/x/app:1', 'localhost:6000/x/app:1'],
    ['Docker Hub as destination', 'FROM ghcr.io/o/app:1', 'FROM o/app:1', 'o/app:1'],
    ['a variable in the tag that stays', 'ARG V=1\nFROM ghcr.io/o/app:${V}', 'ARG V=1\nFROM r.io/me/app:${V}'],
    ['the default that is the registry', 'ARG R=ghcr.io/o\nFROM ${R}/app:1', 'ARG R=r.io/me\nFROM ${R}/app:1'],
    ['the default that is the registry, in quotes', 'ARG R="ghcr.io/o"\nFROM ${R}/app:1', 'ARG R="r.io/me"\nFROM ${R}/app:1'],
    ['the default and the tag', 'ARG R=ghcr.io/o\nFROM $R/app:1', 'ARG R=r.io/me\nFROM $R/app:2', 'r.io/me/app:2'],
    ['the default that is the whole reference', 'ARG BASE=ghcr.io/o/app:1\nFROM ${BASE}', 'ARG BASE=r.io/me/app:1\nFROM ${BASE}'],
    ['the default that is the whole name', 'ARG IMAGE=ghcr.io/o/app\nFROM ${IMAGE}:1', 'ARG IMAGE=r.io/me/app\nFROM ${IMAGE}:1'],
    ['the default in the middle', 'ARG ORG=o\nFROM r.io/${ORG}/app:1', 'ARG ORG=me\nFROM r.io/${ORG}/app:1'],
    ['the path behind a registry that stays', 'ARG R=r.io\nFROM ${R}/o/old:1', 'ARG R=r.io\nFROM ${R}/me/app:1'],
    ['the default docker.io', 'ARG R=ghcr.io\nFROM ${R}/o/app:1', 'ARG R=docker.io\nFROM ${R}/o/app:1', 'o/app:1'],
  ] as const) it(`changes and keeps what it should: ${name}`, () => assert.equal(rewritten(before, destination), after));

  for (const [name, text, why, destination = dest, options] of [
    ['a default that another line uses', 'ARG R=ghcr.io/o\nFROM ${R}/tool:1 AS tool\nFROM ${R}/app:1', /line 2/],
    ['a default that a stage uses', 'ARG R=ghcr.io/o\nFROM ${R}/app:1\nARG R\nRUN echo $R', /line 3/],
    ['a value of the settings', 'ARG R\nFROM ${R}/app:1', /buildArgs/, dest, { buildArgs: { R: 'ghcr.io/o' } }],
    ['a default made of another', 'ARG H=ghcr.io\nARG R=${H}/o\nFROM ${R}/app:1', /made of other parts/],
    ['a tag of a variable that changes', 'ARG V=1\nFROM ghcr.io/o/app:${V}', /variable V/, 'r.io/me/app:2'],
    ['a name that no one variable can give', 'ARG R=ghcr.io/o\nFROM ${R}/old:1', /No single variable/],
    ['a modifier', 'ARG R=ghcr.io/o\nFROM ${R:-x.io}/app:1', /cannot be changed safely/],
    ['two variables that would both do', 'ARG A=o\nARG B=o\nFROM r.io/${A}/${B}/x:1', /No single variable/, 'r.io/p/q/x:1'],
    ['a variable across name and tag', 'ARG N=app:1\nFROM ghcr.io/o/${N}@sha256:' + 'e'.repeat(64), /name and of the tag/],
    ['several lines', 'FROM ghcr.io/o/\\\napp:1', /several lines/],
  ] as const) it(`explains and changes nothing: ${name}`, () => assert.match(rewritten(text, destination, options), new RegExp(`^refused: .*${why.source}`)));
});
