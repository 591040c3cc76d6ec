import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadGrammar, referenceParts, tokenize } from './tokens.ts';

const hex = 'a'.repeat(64);

describe('the colours of image references', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['a short name', 'FROM alpine', ['repository alpine']],
    ['name and tag', 'FROM alpine:3.20', ['repository alpine', 'tag 3.20']],
    ['a Docker Hub organisation', 'FROM my-org/app:v1', ['repository my-org/app', 'tag v1']],
    ['a registry', 'FROM ghcr.io/o/app:1', ['registry ghcr.io', 'repository o/app', 'tag 1']],
    ['a registry with a port', 'FROM localhost:5000/app', ['registry localhost:5000', 'repository app']],
    ['a one-word host with a port', 'FROM registry:5000/app:1', ['registry registry:5000', 'repository app', 'tag 1']],
    ['a host written with an upper-case letter', 'FROM Team/app', ['registry Team', 'repository app']],
    ['an IPv6 host', 'FROM [::1]:5000/app', ['registry [::1]:5000', 'repository app']],
    ['a dot further on is no registry', 'FROM my-org/a.b/c', ['repository my-org/a.b/c']],
    ['a digest', `FROM alpine@sha256:${hex}`, ['repository alpine', `digest sha256:${hex}`]],
    ['a tag and a digest', `FROM h.example:5000/a/b:1@sha256:${hex}`, ['registry h.example:5000', 'repository a/b', 'tag 1', `digest sha256:${hex}`]],
    ['flags before the reference', 'FROM --platform=$BUILDPLATFORM golang:1.23 AS build', ['variable $BUILDPLATFORM', 'repository golang', 'tag 1.23']],
    ['lower case', 'from alpine:3 as x', ['repository alpine', 'tag 3']],
    ['a variable as the tag', 'FROM alpine:${V}', ['repository alpine', 'variable ${', 'variable V', 'variable }']],
    ['quotes', 'FROM "alpine:3"', ['repository alpine', 'tag 3']],
    ['COPY --from', 'COPY --from=ghcr.io/o/app:1 /a /b', ['registry ghcr.io', 'repository o/app', 'tag 1']],
    ['COPY --from after other flags', 'COPY --chown=1:1 --link --from=busybox:1 /a /b', ['repository busybox', 'tag 1']],
    ['ONBUILD COPY --from', 'ONBUILD COPY --from=busybox /a /b', ['repository busybox']],
    ['a mount', 'RUN --mount=type=bind,from=ghcr.io/o/app:1,target=/x make', ['registry ghcr.io', 'repository o/app', 'tag 1']],
    ['from as the first field of a mount', 'RUN --mount=from=app:1,target=/x make', ['repository app', 'tag 1']],
    ['a second mount', 'RUN --mount=type=cache,target=/c --mount=type=bind,from=app,target=/x make', ['repository app']],
    ['mounts on continued lines', 'RUN \\\n    --mount=type=cache,target=/c \\\n    --mount=type=bind,from=app:2,target=/x \\\n    make', ['repository app', 'tag 2']],
    ['a continued line with blanks at its end', 'RUN --mount=type=cache,target=/c \\  \n    --mount=from=app:2,target=/x make', ['repository app', 'tag 2']],
    ['a comment between continued lines', 'RUN --mount=type=cache,target=/c \\\n# note\n    --mount=from=app:2,target=/x make', ['repository app', 'tag 2']],
    ['a syntax directive', '# syntax=docker/dockerfile:1\nFROM alpine', ['repository docker/dockerfile', 'tag 1', 'repository alpine']],
    ['a syntax directive after another one', '# escape=`\n# syntax=docker.io/docker/dockerfile:1', ['registry docker.io', 'repository docker/dockerfile', 'tag 1']],
    ['a syntax directive after a byte order mark', '\uFEFF# syntax=docker/dockerfile:1', ['repository docker/dockerfile', 'tag 1']],
  ];
  for (const [name, text, expected] of cases) {
    it(`are given to ${name}`, async () => assert.deepEqual(referenceParts(await loadGrammar('source.dockerfile'), text), expected));
  }

  const plain: readonly (readonly [string, string])[] = [
    ['scratch', 'FROM scratch AS x'],
    ['a stage by position', 'COPY --from=0 /a /b'],
    ['a comment that looks like a directive further down', 'ARG A\n# syntax=docker/dockerfile:1'],
    ['a directive after a plain comment', '# hello\n# syntax=docker/dockerfile:1'],
    ['--from of another command', 'RUN tool --from=app:1'],
    ['--mount behind the command', 'RUN tool --mount=from=app:1'],
    ['--mount in the line after the command', 'RUN --network=none tool \\\n  --mount=from=app:1'],
    ['from outside a mount', 'RUN --security=from=app tool'],
    ['ARG', 'ARG BASE=ghcr.io/o/app:1'],
    ['LABEL', 'LABEL a=ghcr.io/o/app:1'],
  ];
  for (const [name, text] of plain) {
    it(`are not given to ${name}`, async () => assert.deepEqual(referenceParts(await loadGrammar('source.dockerfile'), text), []));
  }

  it('leave the keywords, the comments and what follows as they were', async () => {
    const grammar = await loadGrammar('source.dockerfile');
    const lines = tokenize(grammar, '# syntax=docker/dockerfile:1\n# plain\nFROM --platform=x alpine AS build\nRUN --mount=from=app,target=/x echo "hi"\nCOPY --from=app "/a" /b\nENV a="b"');
    const scopeOf = (line: number, text: string): string | undefined => lines[line]?.find((token) => token.text.trim() === text)?.scopes.at(-1);
    assert.equal(lines[0]?.[0]?.scopes.includes('comment.line.number-sign.dockerfile'), true);
    assert.equal(scopeOf(1, '# plain'), 'comment.line.number-sign.dockerfile');
    for (const [line, word] of [[2, 'FROM'], [2, 'AS'], [3, 'RUN'], [4, 'COPY']] as const) assert.equal(scopeOf(line, word), 'keyword.other.special-method.dockerfile', word);
    for (const [line, word] of [[3, 'hi'], [4, '/a'], [5, 'b']] as const) {
      assert.equal(lines[line]?.some(({ text, scopes }) => text.includes(word) && scopes.includes('string.quoted.double.dockerfile')), true, word);
    }
  });

  it('come in bounded time for hostile lines', async () => {
    const grammar = await loadGrammar('source.dockerfile');
    for (const line of [`FROM ${'${'.repeat(5000)}`, `RUN ${'--a '.repeat(5000)}`, `FROM ${'a:'.repeat(5000)}`, `COPY ${'--x '.repeat(5000)}--from=a b`, `FROM ${'a/'.repeat(5000)}`]) {
      const { stoppedEarly } = grammar.tokenizeLine(line, null, 10_000);
      assert.equal(stoppedEarly, false, line.slice(0, 20));
    }
  });
});
