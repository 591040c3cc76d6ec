// Keys on the command line: who is asked for a password and a yes, and when nobody is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Engine } from '../../../src/core/engine.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import type { ClusterKeys, KeyPairPlan, SecretAction } from '../../../src/core/kubernetes/clusterKeys.ts';
import { FakeSigning } from '../../face/fakeSigning.ts';
import { verdicts } from '../../face/fakeEngine.ts';
import { verdictEngine } from '../../support/cliEngine.ts';
import { runCommand, type CommandResult, type MachineParts } from '../../support/cliMachine.ts';

interface Signing { existing: readonly string[]; readonly requests: { readonly password: unknown; readonly overwrite: boolean }[]; readonly unlocked: unknown[] }

const run = async (words: readonly string[], parts: MachineParts = {}, existing: readonly string[] = []): Promise<CommandResult & Signing> => {
  const requests: Signing['requests'] = [];
  const unlocked: unknown[] = [];
  const signing = Object.assign(new FakeSigning(), {
    existing: () => Promise.resolve(existing),
    generateKeyPair: (request: Signing['requests'][number]) => { requests.push({ password: request.password, overwrite: request.overwrite }); return Promise.resolve({ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:x', pem: 'PEM\n' }); },
    unlock: (_key: unknown, password: unknown) => {
      unlocked.push(password);
      return password === 'wrong' ? Promise.reject(new CosignError('KEY_PASSWORD_WRONG', said`The password is wrong.`)) : Promise.resolve({ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:x', pem: 'PEM\n' });
    },
  });
  const engine: Engine = Object.defineProperty(verdictEngine(() => verdicts.verified), 'signing', { value: signing });
  return { ...await runCommand(words, { openEngine: () => Promise.resolve(engine), ...parts }), existing, requests, unlocked };
};

describe('a new key pair', () => {
  it('has the password of the environment, of a person who typed it twice, or of a pipe, in this order', async () => {
    assert.deepEqual((await run(['generate-key-pair'], { env: { COSIGN_PASSWORD: '' }, answers: ['no'] })).requests, [{ password: '', overwrite: [] }]);
    assert.deepEqual((await run(['generate-key-pair'], { answers: ['typed', 'typed'] })).requests, [{ password: 'typed', overwrite: [] }]);
    assert.deepEqual((await run(['generate-key-pair'], { files: { '-': 'piped\n' } })).requests, [{ password: new TextEncoder().encode('piped\n'), overwrite: [] }]);
  });

  it('is not made when the two passwords differ', async () => {
    const { code, requests, stderr } = await run(['generate-key-pair'], { answers: ['one', 'two'] });
    assert.deepEqual([code, requests], [1, []]);
    assert.match(stderr, /do not match/);
    assert.doesNotMatch(stderr, /\bone\b|\btwo\b/);
  });

  it('takes the place of another only after a yes', async () => {
    const env = { COSIGN_PASSWORD: 'p' };
    const there = ['/work/cosign.key'];
    assert.deepEqual((await run(['generate-key-pair'], { env }, there)).code, 1);
    assert.deepEqual((await run(['generate-key-pair'], { env, answers: ['n'] }, there)).requests, []);
    assert.deepEqual((await run(['generate-key-pair'], { env, answers: [''] }, there)).code, 1);
    assert.deepEqual((await run(['generate-key-pair'], { env, answers: ['y'] }, there)).requests, [{ password: 'p', overwrite: there }]);
    assert.deepEqual((await run(['generate-key-pair', '--yes'], { env }, there)).requests, [{ password: 'p', overwrite: there }]);
    // cosign's command has no --yes, and asks whatever COSIGN_YES is.
    const { code, requests } = await run(['generate-key-pair'], { env: { ...env, COSIGN_YES: 'true' } }, there);
    assert.deepEqual([code, requests], [1, []]);
  });

  it('goes to files or to a secret, and nowhere else', async () => {
    assert.equal((await run(['generate-key-pair', 'gitlab://project'], { env: { COSIGN_PASSWORD: '' } })).code, 1);
    assert.equal((await run(['generate-key-pair', 'k8s://one'], { env: { COSIGN_PASSWORD: '' } })).code, 1);
  });
});

describe('a key pair in Kubernetes', () => {
  const make = async (action: SecretAction, losesPrivateKey: boolean, parts: MachineParts = {}, words: readonly string[] = []): Promise<CommandResult & { readonly written: number }> => {
    let written = 0;
    const plan: KeyPairPlan = {
      context: 'c', secrets: [{ place: { namespace: 'ns', name: 'signing' }, action, holds: [], losesPrivateKey }], publicKey: { algorithm: 'ECDSA P-256', fingerprint: 'SHA256:x', pem: 'PEM\n' }, manifest: said``,
      write: () => { written += 1; return Promise.resolve({ leftovers: [] }); },
    };
    const signing = Object.assign(new FakeSigning(), { existing: () => Promise.resolve(Object.keys(parts.files ?? {})) });
    const kubernetes: Pick<ClusterKeys, 'planKeyPair'> = { planKeyPair: ({ place }) => { assert.deepEqual(place, { namespace: 'ns', name: 'signing' }); return Promise.resolve(plan); } };
    const engine: Engine = Object.defineProperties(verdictEngine(() => verdicts.verified), { signing: { value: signing }, kubernetes: { value: kubernetes } });
    return { ...await runCommand(['generate-key-pair', ...words, 'k8s://ns/signing'], { openEngine: () => Promise.resolve(engine), ...parts }), written };
  };

  it('asks for no password, and leaves the public key here', async () => {
    const { code, written, files, stderr } = await make('create', false);
    assert.deepEqual([code, written, [...files]], [0, 1, [['/work/cosign.pub', 'PEM\n']]]);
    assert.match(stderr, /Successfully created secret signing in namespace ns/);
  });

  it('takes the place of a private key, or of cosign.pub, only after a yes', async () => {
    assert.deepEqual([(await make('update', true)).written, (await make('replace', false)).code, (await make('update', false)).written], [0, 1, 1]);
    assert.equal((await make('update', true, {}, ['--yes'])).written, 1);
    assert.equal((await make('update', true, { answers: ['y'] })).written, 1);
    assert.equal((await make('create', false, { files: { '/work/cosign.pub': 'old' } })).written, 0);
  });
});

describe('a private key', () => {
  it('that is not there asks for no password', async () => {
    const { code, stderr, unlocked } = await run(['public-key', '--key', 'missing.key'], { answers: ['never'] });
    assert.deepEqual([code, unlocked], [1, []]);
    assert.doesNotMatch(stderr, /Enter password/);
    assert.equal((await run(['public-key', '--key', 'env://NOPE'], { answers: ['never'] })).unlocked.length, 0);
  });

  it('in Kubernetes brings its password along', async () => {
    assert.deepEqual((await run(['public-key', '--key', 'k8s://ns/name'])).unlocked, ['']);
  });

  it('is unlocked with what was typed, and the answer is on standard output alone', async () => {
    const { code, stdout, stderr, unlocked } = await run(['public-key', '--key', 'a.key'], { files: { 'a.key': 'KEY' }, answers: ['typed'] });
    assert.deepEqual([code, stdout, stderr, unlocked], [0, 'PEM\n', 'Enter password for private key: ', ['typed']]);
    const wrong = await run(['public-key', '--key', 'a.key'], { files: { 'a.key': 'KEY' }, env: { COSIGN_PASSWORD: 'wrong' } });
    assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
  });
});

describe('signing', () => {
  it('refuses whoever asks for a transparency log, and nobody who says there is to be none', async () => {
    for (const flag of ['--tlog-upload', '--tlog-upload=true', '--use-signing-config=true']) {
      const { code, stderr, unlocked } = await run(['sign-blob', '--key', 'a.key', flag, 'f'], { files: { 'a.key': 'KEY' }, env: { COSIGN_PASSWORD: 'p' } });
      assert.deepEqual([code, unlocked], [1, []], flag);
      assert.match(stderr, /transparency log/);
    }
    const { unlocked } = await run(['sign-blob', '--key', 'a.key', '--tlog-upload=false', '--use-signing-config=false', '--bundle', 'b', 'f'], { files: { 'a.key': 'KEY' }, env: { COSIGN_PASSWORD: 'p' } });
    assert.equal(unlocked.length, 1);
  });
});
