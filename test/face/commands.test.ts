// Commands a person calls: verifying, the picker, the log, digests, and what happens when one fails.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandIds } from '../../src/contributions.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { env, fake, window } from '../support/vscode.ts';
import { digest, verdicts } from './fakeEngine.ts';
import { answer, openDockerfile, run, screen, settle, startFace, trustKey, useFace } from './harness.ts';

const location = (uri: { toString(): string }, line: number, start: number, end: number): object =>
  ({ uri: uri.toString(), range: { start: { line, character: start }, end: { line, character: end } } });

describe('commands', () => {
  useFace();

  it('are all registered, and nothing else is', () => {
    startFace();
    assert.deepEqual([...fake.commands.keys()].sort(), Object.values(commandIds).sort());
  });

  for (const name of ['verifyFile', 'verifyAgain', 'showTrust']) {
    it(`${name} says what to do where no Dockerfile is open`, async () => {
      trustKey();
      const face = startFace();
      await run(name);
      assert.match(fake.script.messages().join(), /Open a Dockerfile first/);
      assert.equal(face.loads, 0);
    });
    it(`${name} leads to a key where none is configured, and asks the engine nothing`, async () => {
      const face = startFace();
      await openDockerfile('FROM alpine');
      fake.script.answer({ choose: 'Add Trusted Key' }, { escape: true });
      await run(name);
      await settle();
      assert.deepEqual([fake.executed.map(({ command }) => command), face.engine.calls.length], [['countersign.addTrustedKey'], 0]);
    });
  }

  it('verifyAgain asks past every cache and keeps a verdict on screen until the new one is there', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    face.engine.answers.clear();
    const done = run('verifyAgain');
    await settle();
    assert.deepEqual([screen.kinds(face, document), face.engine.last('alpine').query.fresh], [['verified'], true]);
    face.engine.last('alpine').answer(verdicts.untrusted);
    await done;
    assert.deepEqual(screen.kinds(face, document), ['untrusted']);
  });

  it('clearStorage says how much was cleared, and everything is asked again', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    face.engine.answers.clear();
    face.engine.cleared = { images: 3, bytes: 45_000 };
    await run('clearStorage');
    assert.match(fake.script.messages().at(-1) ?? '', /images 3, 45 kB/);
    assert.deepEqual([face.engine.forgotten, face.engine.calls.length, screen.kinds(face, document)], [1, 2, ['pending']]);
    face.engine.last('alpine').answer(verdicts.unsigned);
    await settle();
    assert.deepEqual(screen.kinds(face, document), ['unsigned']);
  });

  it('clearStorage says so where nothing was stored', async () => {
    startFace();
    await run('clearStorage');
    assert.match(fake.script.messages().at(-1) ?? '', /No signatures were stored/);
  });

  it('verifyAgain with a place asks about that image only', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified).set('library/busybox', verdicts.verified);
    const document = await openDockerfile('FROM alpine\nFROM busybox');
    await run('verifyAgain', location(document.uri, 1, 5, 12));
    assert.deepEqual(face.engine.calls.slice(2).map(({ image }) => image), ['library/busybox']);
  });

  it('a newer question supersedes the older one, whatever order the answers come in', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    const [old] = face.engine.calls;
    const done = run('verifyAgain');
    await settle();
    face.engine.last('alpine').answer(verdicts.untrusted);
    await done;
    old?.answer(verdicts.verified);
    await settle();
    assert.deepEqual([screen.kinds(face, document), old?.signal.aborted], [['untrusted'], true]);
  });

  it('stopping leaves what was known, and says "cancelled" where nothing was', async () => {
    trustKey();
    fake.configuration.user['countersign.verify.on'] = 'manual';
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine\nFROM busybox');
    const done = run('verifyFile');
    await settle();
    const progress = fake.progress[0];
    progress?.source.cancel();
    await done;
    assert.deepEqual([screen.kinds(face, document), progress?.done, face.engine.last('busybox').signal.aborted], [['verified', 'waiting'], true, true]);
    assert.match(screen.titles(document)[1] ?? '', /cancelled/);
    assert.deepEqual([screen.diagnostics(document), fake.script.messages()], [[], []]);
  });

  it('verifyFile tries again what could not be checked', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unchecked);
    const document = await openDockerfile('FROM alpine');
    face.engine.answers.set('library/alpine', verdicts.verified);
    await run('verifyFile');
    assert.deepEqual(screen.kinds(face, document), ['verified']);
  });

  it('showTrust lists every image with icon and words, and goes to the one chosen', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified).set('library/busybox', verdicts.untrusted);
    const document = await openDockerfile('FROM alpine\nFROM busybox');
    fake.script.answer({ pick: 'busybox' });
    await run('showTrust');
    await settle();
    const [shown] = fake.script.shown;
    assert.deepEqual(shown?.items.map(({ label }) => label), ['$(verified-filled) alpine', '$(error) busybox']);
    assert.match(shown.items[1]?.detail ?? '', /Untrusted/);
    assert.deepEqual([window.activeTextEditor?.document, window.activeTextEditor?.selection?.start.line], [document, 1]);
  });

  it('showTrust verifies again and copies digests from its buttons, and follows what changes', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    await openDockerfile('FROM alpine');
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    fake.script.answer({ button: 'Copy Digest', on: 'alpine' }, { button: 'Verify Again', on: 'alpine' }, { run: () => settle() }, { escape: true });
    await run('showTrust');
    await settle();
    assert.equal(fake.clipboard, digest('a'));
    assert.deepEqual(fake.script.shown.at(-1)?.items.map(({ label }) => label), ['$(warning) alpine']);
  });

  it('openLog shows the log', async () => {
    startFace();
    await run('openLog');
    assert.equal(fake.logShown, 1);
  });

  it('reportIssue shows versions, numbers and codes, and copies them: no name of an image, a key or a file, no value of a setting', async () => {
    trustKey();
    fake.configuration.user['countersign.registries.insecure'] = ['registry.secret.example:5000'];
    const face = startFace();
    face.engine.answers.set('secret/app', verdicts.unchecked);
    face.engine.answers.set('secret/other', verdicts.verified);
    await openDockerfile('FROM ghcr.io/secret/app\nFROM registry.secret.example:5000/secret/other');
    fake.script.answer({ choose: 'Copy Report' });
    await run('reportIssue');
    await settle();
    const shown = fake.clipboard;
    assert.match(shown, /Countersign 1\.2\.3\n- Editor 1\.100\.0 \(desktop\)\n- linux x64, Node\.js v20\n- 1 folder, trusted\n/);
    assert.match(shown, /changed: .*`countersign\.registries\.insecure`/);
    assert.match(shown, /with 2 images: 1 × unchecked, 1 × verified\n- Registries of these images: 1 × GitHub, 1 × other\n- Why images are not checked: 1 × [A-Z_]+\n/);
    assert.doesNotMatch(shown, /secret|ada|BEGIN|work space/);
  });

  it('reportIssue says that the window is remote, and not where', async () => {
    startFace();
    env.remoteName = 'ssh-remote+build.secret.example';
    try {
      await answer('reportIssue', [{ choose: 'Copy Report' }]);
    } finally {
      env.remoteName = undefined;
    }
    assert.match(fake.clipboard, /- Editor 1\.100\.0 \(desktop, remote\)\n/);
    assert.doesNotMatch(fake.clipboard, /ssh|secret/);
  });

  it('reportIssue names the commands that failed, with their codes', async () => {
    trustKey();
    startFace().engine.describe = () => { throw new CosignError('KEY_UNREADABLE', said`The file cannot be read.`); };
    fake.clipboard = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----';
    for (let n = 0; n < 12; n++) {
      fake.script.answer({ pick: 'Clipboard' });
      await run('addTrustedKey');
      await settle();
    }
    fake.script.answer({ choose: 'Copy Report' });
    await run('reportIssue');
    await settle();
    assert.match(fake.clipboard, /Last failures of commands: (?:`countersign\.addTrustedKey KEY_UNREADABLE`(?:, )?){10}\n$/);
  });

  it('copyDigest copies a digest and nothing else', async () => {
    startFace();
    await run('copyDigest', digest('f'));
    assert.equal(fake.clipboard, digest('f'));
    for (const argument of ['rm -rf /', undefined, { digest: 'rm -rf /' }]) await run('copyDigest', argument);
    assert.equal(fake.clipboard, digest('f'));
    assert.equal(fake.script.messages().length, 3);
    await run('copyDigest', { digest: digest('e') });
    assert.equal(fake.clipboard, digest('e'));
  });

  it('take arguments of any shape without failing', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    for (const argument of [null, 5, 'x', [], {}, { uri: 5 }, { uri: document.uri.toString(), range: 'x' }, { uri: document.uri.toString(), range: { start: { line: -1 }, end: {} } }]) {
      await run('verifyAgain', argument);
    }
    assert.deepEqual([fake.script.messages(), face.engine.calls.length], [[], 9]);
  });

  it('that fail say so once, with a way to the log and to the page that explains', async () => {
    trustKey();
    const face = startFace();
    face.engine.describe = () => { throw new CosignError('KEY_UNREADABLE', said`The file cannot be read.`); };
    fake.clipboard = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----';
    fake.script.answer({ pick: 'Clipboard' }, { choose: 'Show Log' });
    await run('addTrustedKey');
    await settle();
    const [message] = fake.script.shown.filter(({ kind }) => kind === 'message');
    assert.deepEqual([message?.severity, message?.items.map(({ label }) => label).slice(-2), fake.logShown], ['error', ['Show Log', 'Explain'], 1]);
    fake.script.answer({ pick: 'Clipboard' }, { choose: 'Explain' });
    await run('addTrustedKey');
    await settle();
    assert.match(String(fake.executed.at(-1)?.args[0]), /docs\/codes\/KEY_UNREADABLE\.md$/);
  });

  it('that hit a bug say something and put the cause into the log', async () => {
    const face = startFace();
    face.engine.describe = () => { throw new TypeError('undefined is not a function'); };
    fake.clipboard = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----';
    fake.script.answer({ pick: 'Clipboard' });
    await run('addTrustedKey');
    await settle();
    assert.equal(fake.script.messages().length, 1);
    assert.ok(fake.log.some(({ level, text }) => level === 'error' && text.includes('TypeError: undefined is not a function')));
  });
});
