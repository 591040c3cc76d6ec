// Keys at work, measured where a person would feel or find it: the event loop while scrypt runs, memory over 4 GiB, and what a crash leaves behind.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { FileVerdict, SigningEngine } from '../../src/core/signingEngine.ts';
import type { Engine } from '../../src/core/engine.ts';
import { CliProcess } from '../support/cliProcess.ts';
import { testEngine } from '../support/engine.ts';

const never = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), 'countersign-keys-'));
const password = 'canary-password-81c4f0';
const path = (name: string): string => join(directory, name);
let engine: Engine;
let signing: SigningEngine;
before(() => {
  engine = testEngine();
  signing = engine.signing;
});
after(async () => {
  await engine.dispose();
  rmSync(directory, { recursive: true, force: true });
});

const pair = (name: string): { readonly privateKey: string; readonly publicKey: string } => ({ privateKey: path(`${name}.key`), publicKey: path(`${name}.pub`) });
const fixture = (name: string): string => join(process.cwd(), 'test/fixtures/keys', name);

describe('the event loop', () => {
  /** What the issue allows: longer and an editor is felt to stand still. */
  const limitMs = 16;

  /** How long this thread has had a processor, in milliseconds: what else a computer does is not in it. Elsewhere than on Linux the time that passed. */
  function busyMs(): number {
    const file = `/proc/self/task/${process.pid}/schedstat`;
    return existsSync(file) ? Number(readFileSync(file, 'latin1').split(' ')[0]) / 1e6 : performance.now();
  }

  /** The most work between two turns, in milliseconds; of several runs the least, as what is compiled or cleaned up lengthens some, and what blocks lengthens all. */
  async function longestBlock(work: (run: number) => Promise<unknown>): Promise<number> {
    const longest: number[] = [];
    for (let run = 0; run < 4; run++) {
      let [most, last, done] = [0, busyMs(), false];
      const turn = (): void => {
        const now = busyMs();
        most = Math.max(most, now - last);
        last = now;
        if (!done) setTimeout(turn, 1);
      };
      turn();
      await work(run);
      await new Promise((later) => { setTimeout(later, 5); });
      done = true;
      longest.push(most);
    }
    return Math.min(...longest);
  }

  const works: readonly (readonly [string, (run: number) => Promise<unknown>])[] = [
    ['a key pair is made', (run) => signing.generateKeyPair({ paths: pair(`made-${run}`), password, overwrite: false }, never)],
    ...['import-p256.sec1', 'p521.pkcs8', 'rsa4096.pkcs8', 'ed25519.pkcs8'].map((name) => [
      `${name} is imported`, (run: number) => signing.importKeyPair(fixture(`${name}.pem`), { paths: pair(`${name}-${run}`), password, overwrite: false }, never),
    ] as const),
    ['a key is unlocked', async (run) => {
      await signing.unlock({ name: 'made', reference: path(`made-${run}.key`) }, password, 1000, never);
      signing.lock();
    }],
    ['a password is changed', (run) => signing.changePassword(path(`made-${run}.key`), password, password, never)],
    ['a wrong password is tried', (run) => assert.rejects(signing.unlock({ name: 'made', reference: path(`made-${run}.key`) }, 'wrong', 1000, never), { code: 'KEY_PASSWORD_WRONG' })],
  ];
  for (const [name, work] of works) {
    it(`goes on turning while ${name}`, async () => {
      const longest = await longestBlock(work);
      assert.ok(longest <= limitMs, `${longest} ms without a turn`);
    });
  }

  it('would be seen standing still', async () => {
    assert.ok(await longestBlock(() => {
      for (const end = busyMs() + 2 * limitMs; busyMs() < end;);
      return Promise.resolve();
    }) > limitMs);
  });
});

describe('a file of 4 GiB', () => {
  it('is signed and verified with the memory that a small one takes, and with progress', async () => {
    const file = path('large.img');
    writeFileSync(file, 'the beginning');
    truncateSync(file, 4 * 1024 ** 3);
    await signing.importKeyPair(fixture('import-p256.sec1.pem'), { paths: pair('large'), password, overwrite: false }, never);
    const key = { name: 'large', reference: path('large.key') };
    await signing.unlock(key, password, 600_000, never);
    const outputs = { signature: `${file}.sig`, bundle: `${file}.sigstore.json` };
    const trust = { keys: [{ name: 'release', reference: readFileSync(path('large.pub'), 'utf8') }], policies: [], problems: [] };
    // What is loaded and compiled once is not the file's.
    writeFileSync(path('small'), 'small');
    await signing.signFile({ file: path('small'), key, signature: path('small.sig'), overwrite: false }, () => undefined, never);
    const base = process.memoryUsage().rss;
    let [most, reports] = [base, 0];
    const look = (): void => {
      reports++;
      most = Math.max(most, process.memoryUsage().rss);
    };
    await signing.signFile({ file, key, ...outputs, overwrite: false }, look, never);
    const verdict: FileVerdict = await signing.verifyFile(file, trust, look, never);
    assert.equal(verdict.kind, 'verified');
    assert.ok(reports > 100, `${reports} reports of progress`);
    assert.ok(most - base < 64 * 1024 ** 2, `${(most - base) / 1024 ** 2} MB more`);
    signing.lock();
  });
});

describe('a crash', () => {
  const pieces = (text: string): readonly string[] => [text, Buffer.from(text).toString('base64'), Buffer.from(text).toString('hex')];

  it('says neither password nor key, in the error, in its causes and in the report of the process', async () => {
    copyFileSync(fixture('import-p256.sec1.pem'), path('plain.pem'));
    await signing.importKeyPair(path('plain.pem'), { paths: pair('crash'), password, overwrite: false }, never);
    const key = { name: 'crash', reference: path('crash.key') };
    await signing.unlock(key, password, 600_000, never);
    const body = readFileSync(path('plain.pem'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('-')).join('');
    const errors: unknown[] = [];
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => signing.unlock(key, `${password}-mistyped`, 1000, never),
      () => signing.signFile({ file: path('missing'), key, signature: path('x.sig'), overwrite: false }, () => undefined, never),
      () => signing.importKeyPair(path('plain.pem'), { paths: pair('crash'), password, overwrite: false }, never),
      () => signing.changePassword(path('crash.key'), `${password}?`, password, never),
      () => signing.importKeyPair(path('crash.key'), { paths: pair('other'), password, overwrite: false }, never),
    ];
    for (const attempt of attempts) {
      errors.push(await attempt().then(() => undefined, (error: unknown) => error));
      assert.ok(errors.at(-1) instanceof Error);
    }
    const said = errors.map((error) => inspect(error, { depth: Infinity, showHidden: true })).join('\n') + JSON.stringify(process.report.getReport());
    assert.ok(said.includes('KEY_PASSWORD_WRONG'));
    for (const secret of [...pieces(password), body, body.slice(8, 48)]) assert.ok(!said.includes(secret));
    signing.lock();
  });

  it('of the command line leaves neither in what it prints and writes', async () => {
    const cli = await CliProcess.build();
    const env = { COSIGN_PASSWORD: password };
    assert.equal((await cli.run(['generate-key-pair'], { env })).code, 0);
    writeFileSync(join(cli.directory, 'blob'), 'content');
    const runs = [
      await cli.run(['sign-blob', '--key', 'cosign.key', '--bundle', 'missing/folder/x', 'blob', '--verbose'], { env }),
      await cli.run(['sign-blob', '--key', 'cosign.key', '--bundle', 'x', 'blob', '--verbose'], { env: { COSIGN_PASSWORD: `${password}-mistyped` } }),
      await cli.run(['sign', '--key', 'cosign.key', '127.0.0.1:1/team/app:1', '--verbose'], { env }),
    ];
    assert.deepEqual(runs.map(({ code }) => code === 0), [false, false, false]);
    const written = readdirSync(cli.directory).map((name) => readFileSync(join(cli.directory, name), 'latin1'));
    const everything = [...runs.flatMap(({ stdout, stderr }) => [stdout, stderr]), ...written].join('\n');
    for (const secret of pieces(password)) assert.ok(!everything.includes(secret));
  });
});
