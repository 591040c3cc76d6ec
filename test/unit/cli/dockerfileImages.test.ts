// `dockerfile images` says what the editor reads, in the documented form, and touches no network.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerfile } from '../../../src/core/dockerfile/images.ts';
import { canonicalName } from '../../../src/core/oci/reference.ts';
import { readCorpus, type CorpusCase } from '../../fixtures/dockerfiles/corpus.ts';
import { runCommand } from '../../support/cliMachine.ts';

interface Line {
  readonly file: string;
  readonly error: { readonly line: number; readonly message: string } | null;
  readonly refs: readonly Readonly<Record<string, unknown>>[];
}

const linesOf = (stdout: string): readonly Line[] => stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line);
const flagsOf = ({ buildArgs, platform }: CorpusCase): readonly string[] =>
  [...Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`), ...(platform === undefined ? [] : [`--platform=${platform}`])];

describe('dockerfile images', () => {
  it('answers one line for each file, with exactly the documented fields', async () => {
    const text = '# syntax=docker/dockerfile:1\nFROM --platform=linux/arm64 alpine:3 AS Base\nARG X\nFROM $X\nCOPY --from=base / /\nRUN --mount=from=\\\nbusybox true\n';
    const { code, stdout, stderr } = await runCommand(['dockerfile', 'images', '--output', 'json', 'a', 'b'], { files: { a: text, b: 'FROM scratch\n' } });
    assert.deepEqual([code, stderr], [0, '']);
    const range = (line: number, from: number, to: number, last = line): unknown => ({ start: { line, character: from }, end: { line: last, character: to } });
    assert.deepEqual(linesOf(stdout), [
      {
        file: 'a',
        error: { line: 4, message: '"$X" comes to an empty image reference.' },
        refs: [
          { kind: 'syntax', line: 1, range: range(0, 9, 28), raw: 'docker/dockerfile:1', reference: 'index.docker.io/docker/dockerfile:1', missing: [], stage: null, platform: null },
          { kind: 'from', line: 2, range: range(1, 28, 36), raw: 'alpine:3', reference: 'index.docker.io/library/alpine:3', missing: [], stage: 'base', platform: 'linux/arm64' },
          { kind: 'from', line: 4, range: range(3, 5, 7), raw: '$X', reference: null, missing: ['X'], stage: 1, platform: null },
          { kind: 'mount-from', line: 6, range: range(6, 0, 7), raw: 'busybox', reference: 'index.docker.io/library/busybox:latest', missing: [], stage: 1, platform: null },
        ],
      },
      { file: 'b', error: null, refs: [] },
    ]);
  });

  it('says what the editor reads, over the whole corpus', async () => {
    const cases = readCorpus();
    assert.ok(cases.length >= 150);
    for (const one of cases) {
      const { code, stdout } = await runCommand(['dockerfile', 'images', '-o', 'json', ...flagsOf(one), 'Dockerfile'], { files: { Dockerfile: one.text } });
      const { uses, problem } = readDockerfile(one.text, { buildArgs: one.buildArgs, ...(one.platform === undefined ? {} : { platform: one.platform }) });
      assert.equal(code, 0);
      assert.deepEqual(linesOf(stdout), [{
        file: 'Dockerfile',
        error: problem ? { line: problem.range.start.line + 1, message: problem.message.toString() } : null,
        refs: uses.map((use) => ({
          kind: use.kind, line: use.line + 1, range: use.range, raw: use.raw, reference: use.reference ? canonicalName(use.reference) : null,
          missing: use.missing, stage: use.stage ?? null, platform: use.platform ?? null,
        })),
      }], one.name);
      assert.equal(linesOf(stdout)[0]?.error?.line, one.refusedAt, one.name);
    }
  });

  it('counts columns behind a byte order mark as the editor does', async () => {
    const { stdout } = await runCommand(['dockerfile', 'images', '-ojson', '-'], { files: { '-': '\uFEFFFROM alpine\n' } });
    assert.deepEqual(linesOf(stdout)[0]?.refs[0]?.['range'], { start: { line: 0, character: 5 }, end: { line: 0, character: 11 } });
  });

  it('takes a build argument without a value from the environment, as docker does', async () => {
    const files = { f: 'ARG A=a\nARG B=b\nFROM x/$A:$B\n' };
    const { stdout } = await runCommand(['dockerfile', 'images', '--build-arg', 'A', '--build-arg', 'B', 'f'], { files, env: { A: 'from-env' } });
    assert.equal(stdout, 'f:3:6: from index.docker.io/x/from-env:b\n');
  });

  it('keeps an argument named like a part of an object', async () => {
    const { stdout } = await runCommand(['dockerfile', 'images', '--build-arg', '__proto__=evil', '--build-arg', 'constructor=3', 'f'], { files: { f: 'ARG constructor=2\nARG __proto__=1\nFROM x:$constructor\nFROM y:$__proto__\n' } });
    assert.equal(stdout, 'f:3:6: from index.docker.io/library/x:3\nf:4:6: from index.docker.io/library/y:evil\n');
  });

  it('lists the others when a file cannot be read, says which on standard error, and ends with 1', async () => {
    const { code, stdout, stderr } = await runCommand(['dockerfile', 'images', '-o', 'json', 'missing', 'f'], { files: { f: 'FROM a\n' } });
    assert.equal(code, 1);
    assert.deepEqual(linesOf(stdout).map(({ file }) => file), ['f']);
    assert.match(stderr, /^Error: "missing" does not exist\.\n$/);
  });

  it('says in text where each is and what it is, and in words what cannot be known', async () => {
    const { code, stdout, stderr } = await runCommand(['dockerfile', 'images', 'f'], { files: { f: 'FROM --platform=linux/arm64 a\nFROM b:$TAG$\u202e\u001b[31m\nFRM x\n' } });
    assert.equal(code, 0);
    assert.match(stdout, /^f:1:29: from index\.docker\.io\/library\/a:latest \(linux\/arm64\)\nf:2:6: from b:.*unresolved.*\n$/);
    assert.doesNotMatch(stdout + stderr, /[\u202e\u001b]/);
    assert.match(stderr, /^f:\d+:\d+: error: .*\n$/);
  });
});
