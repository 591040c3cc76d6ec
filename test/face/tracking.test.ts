// Opening, typing, saving and closing Dockerfiles: what is asked when, and what is on screen.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fake } from '../support/vscode.ts';
import { verdicts } from './fakeEngine.ts';
import { folder, openDockerfile, screen, settle, startFace, tick, trustKey, trustOf, type, useFace } from './harness.ts';

describe('a Dockerfile that is open', () => {
  useFace();

  it('is pending at first and gets its verdicts one by one', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine\nFROM busybox');
    assert.deepEqual(screen.kinds(face, document), ['pending', 'pending']);
    face.engine.last('busybox').answer(verdicts.unsigned);
    await settle();
    assert.deepEqual(screen.kinds(face, document), ['pending', 'unsigned']);
    face.engine.last('alpine').answer(verdicts.verified);
    await settle();
    assert.deepEqual(screen.kinds(face, document), ['verified', 'unsigned']);
  });

  it('is read when it was open before the extension started', async () => {
    trustKey();
    const document = fake.open(`${folder}/Dockerfile`, 'FROM alpine');
    fake.show(document);
    const face = startFace();
    await settle();
    assert.equal(face.engine.calls.length, 1);
  });

  it('is neither read nor verified before it is visible', async () => {
    trustKey();
    const face = startFace();
    const document = fake.open(`${folder}/Dockerfile`, 'FROM alpine');
    await settle();
    await type(document, 'FROM alpine:2');
    await tick(1000);
    assert.deepEqual([face.loads, face.engine.reads], [0, 0]);
    fake.show(document);
    await settle();
    assert.equal(face.engine.calls.length, 1);
  });

  it('does not load the engine for other files', async () => {
    trustKey();
    const face = startFace();
    for (const [path, language] of [[`${folder}/a.ts`, 'typescript'], [`${folder}/DockerfileParser.java`, 'java'], ['git:/work/Dockerfile', 'dockerfile']] as const) {
      fake.show(fake.open(path, 'FROM alpine', language));
    }
    await settle();
    assert.equal(face.loads, 0);
  });

  for (const name of ['Dockerfile-dev', 'app.Dockerfile', 'Containerfile', 'Containerfile.dev', 'app.Containerfile']) {
    it(`is known by its name ${name} where it has no language`, async () => {
      trustKey();
      const face = startFace();
      fake.show(fake.open(`${folder}/${name}`, 'FROM alpine', 'plaintext'));
      await settle();
      assert.equal(face.engine.calls.length, 1);
    });
  }

  it('asks once for the same reference and platform, and apart for another platform', async () => {
    trustKey();
    const face = startFace();
    await openDockerfile('FROM alpine\nFROM alpine\nFROM --platform=linux/arm64 alpine');
    assert.deepEqual(face.engine.calls.map(({ query }) => query.platform), [undefined, 'linux/arm64']);
  });

  it('clears its diagnostics and stops asking when it is closed', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    const document = await openDockerfile('FROM alpine\nFROM busybox');
    assert.equal(screen.diagnostics(document).length, 1);
    fake.close(document);
    await settle();
    assert.equal(fake.languages.diagnostics.size, 0);
    assert.equal(face.engine.last('busybox').signal.aborted, true);
    assert.equal(face.tracker.all().length, 0);
  });

  it('is not drawn again by an answer that arrives after closing', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM busybox');
    fake.close(document);
    face.engine.last('busybox').answer(verdicts.unsigned);
    await settle();
    assert.equal(fake.languages.diagnostics.size, 0);
  });

  it('keeps its verdicts while another editor is shown', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    const document = await openDockerfile('FROM alpine');
    fake.show(fake.open('/other.txt', '', 'plaintext'));
    await settle();
    assert.deepEqual(screen.codes(document), ['unsigned']);
    fake.show(document);
    await settle();
    assert.equal(face.engine.calls.length, 1);
  });
});

describe('typing', () => {
  useFace();

  it('is verified when it pauses, once', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, 'FROM busybo');
    await tick(200);
    await type(document, 'FROM busybox');
    await tick(299);
    assert.deepEqual(face.engine.calls.map(({ image }) => image), ['library/alpine']);
    await tick(1);
    assert.deepEqual(face.engine.calls.map(({ image }) => image), ['library/alpine', 'library/busybox']);
  });

  it('follows the debounce setting', async () => {
    trustKey();
    fake.configuration.user['countersign.verify.debounce'] = 50;
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, 'FROM busybox');
    await tick(50);
    assert.equal(face.engine.calls.length, 2);
  });

  it('keeps the verdicts of references that did not change, with their new places', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    const document = await openDockerfile('FROM alpine');
    await type(document, '# a comment\nFROM alpine\nFROM busybox');
    assert.deepEqual(screen.kinds(face, document), ['unsigned', 'pending']);
    assert.equal(screen.diagnostics(document)[0]?.range.start.line, 1);
    await tick(300);
    assert.equal(face.engine.calls.filter(({ image }) => image === 'library/alpine').length, 1);
  });

  it('does not disturb a question under way about a reference that stays', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, 'FROM alpine\nFROM busybox');
    await tick(300);
    assert.equal(face.engine.last('alpine').signal.aborted, false);
    face.engine.last('alpine').answer(verdicts.verified);
    await settle();
    assert.deepEqual(screen.kinds(face, document), ['verified', 'pending']);
  });

  it('drops the answer about a reference that is gone', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine:1');
    const old = face.engine.last('alpine');
    await type(document, 'FROM alpine:2');
    old.answer(verdicts.verified);
    await tick(300);
    assert.equal(old.signal.aborted, true);
    assert.deepEqual(screen.kinds(face, document), ['pending']);
  });

  it('does not call a reference wrong before it pauses', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, 'FROM alpine:');
    assert.deepEqual([screen.kinds(face, document), screen.codes(document)], [['pending'], []]);
    await tick(300);
    assert.deepEqual([screen.kinds(face, document), screen.codes(document)], [['unresolved'], ['unresolved']]);
  });

  it('reads a very long file only when it pauses, and draws nothing about the old text meanwhile', async () => {
    trustKey();
    const face = startFace();
    const filler = `#${'x'.repeat(300 * 1024)}\n`;
    const document = await openDockerfile(`${filler}FROM alpine`);
    const reads = face.engine.reads;
    await type(document, `${filler}\nFROM alpine`);
    const before = trustOf(face, document).version;
    face.engine.last('alpine').answer(verdicts.unsigned);
    await settle();
    assert.deepEqual([face.engine.reads, before, screen.codes(document)], [reads, 1, []]);
    await tick(300);
    assert.deepEqual([face.engine.reads, screen.codes(document)], [reads + 1, ['unsigned']]);
  });
});

describe('when to verify', () => {
  useFace();

  it('on save: what is typed waits for the save', async () => {
    trustKey();
    fake.configuration.user['countersign.verify.on'] = 'save';
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, 'FROM busybox');
    await tick(5000);
    assert.deepEqual([screen.kinds(face, document), face.engine.calls.length], [['waiting'], 1]);
    fake.save(document);
    await settle();
    assert.deepEqual([screen.kinds(face, document), face.engine.calls.length], [['pending'], 2]);
  });

  it('manually: nothing is asked until a person asks', async () => {
    trustKey();
    fake.configuration.user['countersign.verify.on'] = 'manual';
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, 'FROM busybox');
    await tick(5000);
    fake.save(document);
    await settle();
    assert.deepEqual([screen.kinds(face, document), face.engine.calls.length], [['waiting'], 0]);
    face.engine.answers.set('library/busybox', verdicts.verified);
    await fake.commands.get('countersign.verifyFile')?.();
    assert.deepEqual(screen.kinds(face, document), ['verified']);
  });

  it('on type: a save does not wait for the pause', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, 'FROM busybox');
    fake.save(document);
    await settle();
    assert.equal(face.engine.calls.length, 2);
  });

  it('on type: a save does not try again what could not be checked', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unchecked);
    const document = await openDockerfile('FROM alpine');
    fake.save(document);
    await settle();
    assert.equal(face.engine.calls.length, 1);
  });
});

describe('no trusted key', () => {
  useFace();

  it('means no question to the engine, no diagnostic and one quiet lens', async () => {
    const face = startFace();
    const document = await openDockerfile('FROM alpine\nFROM $X\nBOGUS\nFROM busybox');
    await type(document, 'FROM alpine:2\nFROM $X\nBOGUS\nFROM busybox');
    await tick(1000);
    fake.save(document);
    await settle();
    assert.deepEqual([face.engine.calls.length, screen.diagnostics(document)], [0, []]);
    assert.deepEqual(screen.lenses(document).map(({ command }) => command?.command), ['countersign.addTrustedKey']);
    assert.match(screen.status().text, /No trusted key/);
    assert.equal(screen.status().backgroundColor, undefined);
    assert.deepEqual(fake.script.shown, []);
  });

  it('ends when a key is added', async () => {
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    fake.set('user', 'countersign.keys', { release: '/keys/release.pub' });
    await settle();
    assert.deepEqual([face.engine.calls.length, screen.kinds(face, document)], [1, ['pending']]);
  });
});

describe('what could not be checked', () => {
  useFace();

  it('is tried once more by itself when the window comes back after a minute', async () => {
    trustKey();
    const face = startFace();
    await openDockerfile('FROM alpine');
    face.engine.last('alpine').answer({ ...verdicts.unchecked, checkedAt: 1_000_000 });
    await tick(59_999);
    fake.focus(true);
    await settle();
    assert.equal(face.engine.calls.length, 1);
    await tick(1);
    fake.focus(true);
    await settle();
    assert.equal(face.engine.calls.length, 2);
    face.engine.last('alpine').answer({ ...verdicts.unchecked, checkedAt: 1_060_000 });
    await tick(600_000);
    fake.focus(true);
    await settle();
    assert.equal(face.engine.calls.length, 2);
  });

  it('is unchecked when the engine breaks its promise and throws', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    face.engine.last('alpine').fail(new TypeError('boom'));
    await settle();
    assert.deepEqual(screen.kinds(face, document), ['unchecked']);
  });

  it('is everything when the engine cannot be loaded, and is tried again on request', async () => {
    trustKey();
    let broken = true;
    const face = startFace(() => (broken ? Promise.reject(new Error('no such file')) : Promise.resolve(face.engine)));
    const document = await openDockerfile('FROM alpine');
    assert.match(screen.status().text, /unchecked/i);
    assert.equal(screen.languageStatus('countersign.images')?.severity, 2);
    assert.equal(trustOf(face, document).failure?.code, 'INTERNAL');
    await fake.commands.get('countersign.verifyFile')?.();
    await settle();
    assert.match(fake.script.messages().join(), /could not start verifying/);
    broken = false;
    face.engine.answers.set('library/alpine', verdicts.verified);
    await fake.commands.get('countersign.verifyFile')?.();
    assert.deepEqual(screen.kinds(face, document), ['verified']);
    assert.doesNotMatch(screen.status().text, /unchecked/i);
  });
});
