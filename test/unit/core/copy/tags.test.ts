// Tags at the destination while others write to them: none is moved without a yes, whatever becomes of an answer.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import { either, on, status, times } from '../../../support/faults.ts';
import type { Fault } from '../../../support/registry.ts';
import { json } from '../../../support/registryAnswer.ts';
import { types } from '../../../support/registryStore.ts';
import { putSmall, run, startPair, type Pair, type PairOptions } from '../../../support/copyPair.ts';

let pair: Pair | undefined;
afterEach(async () => {
  await pair?.close();
  pair = undefined;
});

async function start(options: PairOptions = {}): Promise<Pair & { readonly top: string }> {
  pair = await startPair(options);
  return { ...pair, top: putSmall(pair.source.store, true).digest };
}

const tagOf = ({ destination }: Pair, tag = '1.0'): string | undefined => destination.store.repository('mirror/app').tags.get(tag);
const putsOf = ({ destination }: Pair, tag = '1.0'): number => destination.requests.filter(({ method, target }) => method === 'PUT' && target === tag).length;
const answerLost: Fault = (_request, ordinary) => {
  ordinary();
  return { status: 0, cut: 'before answer' };
};

describe('the tag of the destination', () => {
  for (const etags of [false, true]) {
    it(`is not taken from who wrote it while our answer was lost (${etags ? 'with' : 'without'} ETags)`, async () => {
      const sides = await start({ destination: { etags } });
      let theirs = '';
      sides.destination.intercept = on('PUT 1.0', times(1, (request, ordinary) => {
        const answer = answerLost(request, ordinary);
        theirs = sides.destination.store.putImage('mirror/app', '1.0', 'theirs').digest;
        return answer;
      }));
      await assert.rejects(run(sides), { code: 'TAG_EXISTS' });
      assert.deepEqual([tagOf(sides), putsOf(sides)], [theirs, 1]);
    });

    it(`that was written, though nobody heard of it, is written (${etags ? 'with' : 'without'} ETags)`, async () => {
      const sides = await start({ destination: { etags } });
      const old = sides.destination.store.putImage('mirror/app', '1.0', 'old').digest;
      sides.destination.intercept = on('PUT 1.0', times(1, answerLost));
      const { proof } = await run(sides, { overwriteTag: old as never });
      assert.deepEqual([proof.holds, tagOf(sides), putsOf(sides)], [true, sides.top, 1]);
    });

    it(`is written again after a failure that passes (${etags ? 'with' : 'without'} ETags)`, async () => {
      const sides = await start({ destination: { etags } });
      sides.destination.intercept = on('PUT 1.0', times(2, status(503)));
      await run(sides);
      assert.deepEqual([tagOf(sides), putsOf(sides)], [sides.top, 3]);
    });
  }

  it('that somebody writes between our look and our write stays theirs where the registry knows conditions', async () => {
    for (const before of ['nothing', 'an image'] as const) {
      const sides = await start({ destination: { etags: true } });
      const { store } = sides.destination;
      const old = before === 'nothing' ? undefined : store.putImage('mirror/app', '1.0', 'old').digest;
      let theirs = '';
      sides.destination.intercept = on('PUT 1.0', times(1, () => {
        theirs = store.putImage('mirror/app', '1.0', 'theirs').digest;
        return undefined;
      }));
      await assert.rejects(run(sides, old === undefined ? {} : { overwriteTag: old as never }), { code: 'TAG_EXISTS' });
      assert.equal(tagOf(sides), theirs);
      await sides.close();
    }
    pair = undefined;
  });

  it('is written where something in front of the registry spoils its conditions', async () => {
    const sides = await start();
    const old = sides.destination.store.putImage('mirror/app', '1.0', 'old').digest;
    sides.destination.intercept = either(
      on('PUT 1.0', ({ headers }, ordinary) => (headers['if-match'] === undefined && headers['if-none-match'] === undefined ? ordinary() : { status: 412 })),
      on('GET 1.0', (_request, ordinary) => { const answer = ordinary(); return { ...answer, headers: { ...answer.headers, etag: '"rewritten"' } }; }),
    );
    await run(sides, { overwriteTag: old as never });
    assert.equal(tagOf(sides), sides.top);
  });

  it('that the registry lets nobody change ends the copy, and says so', async () => {
    const sides = await start();
    sides.destination.intercept = on('PUT 1.0', status(412, 'PRECONDITION'));
    await assert.rejects(run(sides), (error: CosignError) => error.code === 'REGISTRY_DENIED' && String(error.remedy).includes('another tag'));
    assert.deepEqual([tagOf(sides), putsOf(sides)], [undefined, 2]);
  });
});

describe('the tag of an SBOM', () => {
  it('is not taken from who wrote it while our answer was lost', async () => {
    for (const etags of [false, true]) {
      const sides = await start({ destination: { etags } });
      const tag = `${sides.top.replace(':', '-')}.sbom`;
      const { store } = sides.source;
      const sbom = store.putManifest('team/app', tag, { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob('team/app', '{}', types.config), layers: [store.putBlob('team/app', 'SPDX', 'text/spdx')] });
      let theirs = '';
      sides.destination.intercept = on(`PUT ${tag}`, times(1, (request, ordinary) => {
        const answer = answerLost(request, ordinary);
        theirs = sides.destination.store.putImage('mirror/app', tag, 'another SBOM').digest;
        return answer;
      }));
      const { things } = await run(sides);
      assert.deepEqual([tagOf(sides, tag), things.find(({ digest }) => digest === sbom.digest)?.outcome], [theirs, 'kept']);
      await sides.close();
    }
    pair = undefined;
  });
});

describe('a refusal', () => {
  const says = (code: number, error: string, message: string): Fault => () => json(code, { errors: [{ code: error, message }] });
  const cases: readonly (readonly [string, string, Fault, RegExp, RegExp])[] = [
    ['of ECR to change a tag', 'PUT 1.0', says(400, 'ImageTagAlreadyExistsException', "The image tag '1.0' already exists in the 'mirror/app' repository and cannot be overwritten."), /cannot be changed/, /another tag/],
    ['of ECR to change a tag, by the code of the specification', 'PUT 1.0', says(400, 'TAG_INVALID', "The image tag '1.0' already exists and cannot be overwritten because the tag is immutable."), /cannot be changed/, /another tag/],
    ['of Harbor to change a tag', 'PUT 1.0', says(412, 'PRECONDITION', "Failed to process request due to 'app:1.0' configured as immutable."), /cannot be changed/, /another tag/],
    ['for a quota, as a denial', 'PUT upload', says(403, 'DENIED', 'Quota exceeded when processing the request of adding 1.0 MiB of storage resource'), /no space left/, /quota/],
    ['for a quota, as something too large', 'PUT upload', says(413, 'DENIED', 'Quota exceeded when processing the request of adding 1.0 MiB of storage resource'), /no space left/, /quota/],
    ['for a repository that nobody made', 'POST upload', says(404, 'NAME_UNKNOWN', "The repository with name 'mirror/app' does not exist"), /no such repository/, /Create the repository/],
  ];
  for (const [what, words, fault, message, remedy] of cases) {
    it(`${what} is told as what it is, with advice that nobody replaces`, async () => {
      const sides = await start();
      sides.destination.intercept = on(words, fault);
      await assert.rejects(run(sides), (error: CosignError) => {
        assert.equal(error.code, 'REGISTRY_DENIED');
        assert.match(error.message, message);
        assert.match(error.message, /mirror\/app/);
        assert.match(String(error.advised(said`Log in.`).remedy), remedy);
        return true;
      });
      assert.equal(tagOf(sides), undefined);
    });
  }
});
