// The command line says of every image what the editor says of it, over the whole corpus of Dockerfiles.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { readCorpus } from '../fixtures/dockerfiles/corpus.ts';
import { runCommand } from '../support/cliMachine.ts';
import { verdictByName, verdictEngine } from '../support/cliEngine.ts';
import { fake } from '../support/vscode.ts';
import { FakeEngine, verdicts } from './fakeEngine.ts';
import { folder, openDockerfile, settle, startFace, tick, trustOf, useFace } from './harness.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import type { DockerfileImages, DockerfileOptions } from '../../src/core/dockerfile/images.ts';
import type { VerifyQuery } from '../../src/core/engine.ts';

const verdictOf = verdictByName(verdicts);

/** The editor's engine with the real reader and the same verdicts as the command line's. */
class SameEngine extends FakeEngine {
  override readDockerfile(text: string, options: DockerfileOptions): DockerfileImages {
    return readDockerfile(text, options);
  }

  override verify(query: VerifyQuery): Promise<Verdict> {
    return Promise.resolve(verdictOf(query));
  }
}

interface Line {
  readonly error: { readonly line: number; readonly message: string } | null;
  readonly refs: readonly { readonly raw: string; readonly range: unknown; readonly verdict: string; readonly digest: string | null; readonly signatures: readonly { readonly format: string; readonly key: string | null; readonly reason: { readonly fault: string } | null }[] }[];
}

describe('the editor and the command line', () => {
  useFace();

  it('say the same of every image of the corpus', async () => {
    const face = startFace(() => Promise.resolve(new SameEngine()));
    const seen = new Set<string>();
    for (const [index, one] of readCorpus().entries()) {
      fake.set('user', 'countersign.keys', { release: '/keys/release.pub' });
      fake.set('user', 'countersign.dockerfile.buildArgs', one.buildArgs);
      fake.set('user', 'countersign.dockerfile.platform', one.platform ?? '');
      const document = await openDockerfile(one.text, `${folder}/Dockerfile.${index}`);
      await tick(1000);
      await settle();
      const { uses, problem } = trustOf(face, document);
      const flags = [...Object.entries(one.buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`), ...(one.platform === undefined ? [] : [`--platform=${one.platform}`])];
      const { stdout } = await runCommand(['dockerfile', 'verify', '--key', 'release', ...flags, 'f'], { files: { f: one.text }, openEngine: () => Promise.resolve(verdictEngine(verdictOf)) });
      const line = JSON.parse(stdout) as Line;
      assert.deepEqual(line.error, problem ? { line: problem.range.start.line + 1, message: problem.message.toString() } : null, one.name);
      assert.deepEqual(line.refs.map(({ raw, range, verdict, digest, signatures }) => ({ raw, range, verdict, digest, signatures: signatures.map(({ format, key, reason }) => [format, key ?? reason?.fault]) })), uses.map(({ use, state }) => {
        seen.add(state.kind);
        return {
          raw: use.raw, range: use.range, verdict: state.kind,
          digest: 'digest' in state ? state.digest : use.reference?.digest ?? null,
          signatures: 'signatures' in state ? state.signatures.map(({ format, signedBy, fault }) => [format, signedBy?.key ?? fault]) : [],
        };
      }), one.name);
      fake.close(document);
      await settle();
    }
    assert.deepEqual([...seen].sort(), ['unchecked', 'uncovered', 'unresolved', 'unsigned', 'untrusted', 'verified'], 'every kind of verdict occurred');
  });
});
