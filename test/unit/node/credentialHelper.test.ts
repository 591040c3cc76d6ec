import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import { askCredentialHelper, type HelperOptions } from '../../../src/node/credentialHelper.ts';
import { never, until } from './servers.ts';

async function helper(test: TestContext, script: string): Promise<HelperOptions & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  test.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'docker-credential-test'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` }, cwd: folder, folder };
}

const ask = (options: HelperOptions, signal = never): Promise<unknown> => askCredentialHelper('test', 'ghcr.io', options, signal);
const fails = (asked: Promise<unknown>): Promise<void> => assert.rejects(asked, (error) => error instanceof CosignError && error.code === 'CREDENTIAL_HELPER_FAILED'
  && error.message.includes('docker-credential-') && !`${error.message}${String(error.remedy)}`.includes('s3cret'));
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('the server goes in, the login comes out', async (test) => {
  assert.deepEqual(await ask(await helper(test, `server=$(cat)\nprintf '{"ServerURL":"%s","Username":"%s","Secret":"%s"}' "$server" "$1" "$server"`)), { kind: 'basic', username: 'get', password: 'ghcr.io' });
  assert.deepEqual(await ask(await helper(test, `echo '{"ServerURL":"","Username":"<token>","Secret":"t"}'`)), { kind: 'identity', token: 't' });
});

it('a login that is not there is none', async (test) => {
  assert.equal(await ask(await helper(test, `echo 'credentials not found in native keychain'; exit 1`)), undefined);
  assert.equal(await ask(await helper(test, `echo '{"Username":"","Secret":""}'`)), undefined);
});

for (const script of ['echo s3cret', 'exit 3', 'echo "s3cret: credentials not found in native keychain?"; exit 1', `echo '["s3cret"]'`, 'echo null', `echo '{"Username":"s3cret"}'`, `echo '{"Username":1,"Secret":2}'`, '', 'kill -9 $$']) {
  it(`"${script}" is a failure that repeats nothing the helper wrote`, async (test) => {
    await fails(ask(await helper(test, script)));
  });
}

it('a helper that is not there, or is no program, is a failure', async (test) => {
  const options = await helper(test, '');
  await fails(askCredentialHelper('missing', 'ghcr.io', options, never));
  await writeFile(join(options.folder, 'docker-credential-text'), 'no program', { mode: 0o644 });
  await fails(askCredentialHelper('text', 'ghcr.io', options, never));
});

it('endless output is cut off', async (test) => {
  await fails(ask(await helper(test, 'yes s3cret')));
});

it('a name that is a path or a command is never run', async () => {
  for (const name of ['../evil', '/bin/sh', 'a b', 'a;b', '', 'a\\b', '$(x)', 'a\n']) {
    const start = (): never => assert.fail('started');
    await assert.rejects(askCredentialHelper(name, 'ghcr.io', { env: {}, cwd: '/', start }, never), (error) => error instanceof CosignError && error.code === 'CREDENTIAL_HELPER_FAILED');
  }
});

it('a helper that hangs is ended with its children, after the time-out and when cancelled', async (test) => {
  const options = await helper(test, 'sleep 1000 &\necho $! > pid.new; mv pid.new pid\nwait');
  const child = async (): Promise<number> => Number(await readFile(join(options.folder, 'pid'), 'utf8').catch(() => '0'));
  const abort = new AbortController();
  const reason = new Error('cancelled');
  const cancelled = assert.rejects(ask(options, abort.signal), reason);
  while (await child() === 0) await new Promise((done) => setTimeout(done, 5));
  const first = await child();
  abort.abort(reason);
  await cancelled;
  await until(() => !alive(first));
  await rm(join(options.folder, 'pid'));
  const timed = ask({ ...options, timeoutMs: 400 });
  await fails(timed);
  const second = await child();
  assert.notEqual(second, 0);
  await until(() => !alive(second));
});

it('without a shell and with nothing but "get" as an argument', async (test) => {
  const seen: unknown[] = [];
  const options = await helper(test, '');
  const { spawn } = await import('node:child_process');
  const start: NonNullable<HelperOptions['start']> = (command, args, { cwd }) => {
    seen.push([command, args, cwd]);
    return spawn('true', [], { stdio: ['pipe', 'pipe', 'ignore'] });
  };
  await fails(ask({ ...options, start }));
  assert.deepEqual(seen, [['docker-credential-test', ['get'], options.folder]]);
});
