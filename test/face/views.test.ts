// What is drawn for each state: diagnostics, lenses, hovers, the status bar, the language status, quick fixes and the log.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { describeFailure, redact } from '../../src/vscode/failureLog.ts';
import { fake, MarkdownString, ThemeColor } from '../support/vscode.ts';
import { digest, evidence, verdicts } from './fakeEngine.ts';
import { folder, openDockerfile, screen, settle, startFace, trustKey, type, useFace } from './harness.ts';

describe('diagnostics', () => {
  useFace();

  it('underline exactly the reference, with source, code, page and severity', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.untrusted);
    const document = await openDockerfile('FROM --platform=linux/amd64 alpine AS base');
    const [diagnostic] = screen.diagnostics(document);
    assert.deepEqual([diagnostic?.range.start.character, diagnostic?.range.end.character], [28, 34]);
    assert.deepEqual([diagnostic?.source, diagnostic?.severity], ['countersign', 0]);
    const code = diagnostic?.code;
    assert.ok(typeof code === 'object' && code.value === 'untrusted' && code.target.toString().endsWith('docs/codes/untrusted.md'));
  });

  const severities = { unsigned: 1, untrusted: 0, unchecked: 2 } as const;
  for (const kind of ['unsigned', 'untrusted', 'unchecked'] as const) {
    it(`say ${kind} and nothing else about an image that is ${kind}`, async () => {
      trustKey();
      const face = startFace();
      face.engine.answers.set('library/alpine', verdicts[kind]);
      const document = await openDockerfile('FROM alpine');
      assert.deepEqual(screen.diagnostics(document).map(({ code, severity }) => [typeof code === 'object' && code.value, severity]), [[kind, severities[kind]]]);
    });
  }
  for (const kind of ['verified', 'uncovered'] as const) {
    it(`say nothing about an image that is ${kind}`, async () => {
      trustKey();
      const face = startFace();
      face.engine.answers.set('library/alpine', verdicts[kind]);
      assert.deepEqual(screen.diagnostics(await openDockerfile('FROM alpine')), []);
    });
  }

  it('say nothing while verifying', async () => {
    trustKey();
    startFace();
    assert.deepEqual(screen.diagnostics(await openDockerfile('FROM alpine')), []);
  });

  it('take the severity of the policy, and point at the settings that demand it', async () => {
    trustKey();
    fake.configuration.workspace['countersign.policies'] = [{ name: 'ours', images: ['**'], keys: ['release'], severity: 'error' }];
    const face = startFace();
    face.engine.answers.set('library/alpine', { kind: 'unsigned', ...evidence({ policies: [{ policy: 'ours', satisfied: false, severity: 'error', keys: ['release'], annotations: {} }] }) });
    const [diagnostic] = screen.diagnostics(await openDockerfile('FROM alpine'));
    assert.equal(diagnostic?.severity, 0);
    assert.equal(diagnostic.relatedInformation?.[0]?.location.uri.path, `${folder}/.vscode/settings.json`);
  });

  it('point at the ARG that has no value', async () => {
    trustKey();
    startFace();
    const document = await openDockerfile('ARG BASE\nFROM $BASE');
    const [diagnostic] = screen.diagnostics(document);
    const location = diagnostic?.relatedInformation?.[0]?.location;
    assert.deepEqual([location?.uri, location?.range.start.line, location?.range.end.character], [document.uri, 0, 8]);
  });

  it('say a missing argument beside the verdict where a valid reference results', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    assert.deepEqual(screen.codes(await openDockerfile('FROM alpine$SUFFIX')), ['unsigned', 'missing-argument']);
  });

  it('say that a build refuses the file, where it does', async () => {
    trustKey();
    startFace();
    const document = await openDockerfile('FROM alpine\nBOGUS');
    assert.deepEqual([screen.codes(document), screen.diagnostics(document)[0]?.range.start.line], [['dockerfile-invalid'], 1]);
  });
});

describe('lenses', () => {
  useFace();

  it('are as many as there are references, at the same places, before and after verifying', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine\nFROM $X\nFROM busybox');
    const places = (): unknown => screen.lenses(document).map(({ range }) => range);
    const before = places();
    assert.equal(screen.lenses(document).length, 3);
    assert.match(screen.titles(document)[0] ?? '', /Verifying…/);
    face.engine.last('alpine').answer(verdicts.verified);
    await settle();
    face.engine.last('busybox').answer(verdicts.unchecked);
    await settle();
    assert.deepEqual(places(), before);
    assert.match(screen.titles(document)[0] ?? '', /Signed by release/);
    assert.match(screen.titles(document)[2] ?? '', /Could not check/);
  });

  it('follow the text while it is typed', async () => {
    trustKey();
    startFace();
    const document = await openDockerfile('FROM alpine');
    await type(document, '\n\nFROM alpine');
    assert.equal(screen.lenses(document)[0]?.range.start.line, 2);
  });

  it('lead to the picker, at their reference', async () => {
    trustKey();
    startFace();
    const document = await openDockerfile('FROM alpine');
    const { command } = screen.lenses(document)[0] ?? {};
    assert.deepEqual([command?.command, command?.arguments], ['countersign.showTrust', [{ uri: document.uri.toString(), range: { start: { line: 0, character: 5 }, end: { line: 0, character: 11 } } }]]);
  });

  it('are not drawn in files that are no Dockerfiles', async () => {
    trustKey();
    startFace();
    const other = fake.open('/x.md', 'FROM alpine', 'markdown');
    fake.show(other);
    await settle();
    assert.deepEqual(screen.lenses(other), []);
  });
});

describe('hovers', () => {
  useFace();

  it('show the evidence, and may run seven commands and no others', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    const markdown = screen.hover(document, 0, 7)?.contents[0];
    assert.ok(markdown instanceof MarkdownString);
    assert.match(markdown.value, /Signed by release/);
    assert.deepEqual([markdown.supportThemeIcons, markdown.supportHtml, markdown.isTrusted], [true, false, { enabledCommands: ['countersign.verifyAgain', 'countersign.copyDigest', 'countersign.addTrustedKey', 'countersign.signImage', 'countersign.copyImage', 'countersign.explainTrust', 'countersign.diagnoseRegistry'] }]);
    assert.ok(markdown.value.includes(`command:countersign.copyDigest?${encodeURIComponent(JSON.stringify([digest('a')]))}`));
  });

  it('escape what a registry wrote', async () => {
    trustKey();
    const face = startFace();
    const [signature] = verdicts.verified.signatures;
    face.engine.answers.set('library/alpine', { ...verdicts.verified, signatures: [{ ...signature, annotations: { x: '[click](command:workbench.action.quit) <b>' } }].filter((item) => item.format !== undefined) as typeof verdicts.verified.signatures });
    const value = screen.hover(await openDockerfile('FROM alpine'), 0, 7)?.contents[0]?.value ?? '';
    assert.doesNotMatch(value, /\[click\]\(command:|<b>/);
  });

  it('are there on the reference only', async () => {
    trustKey();
    startFace();
    const document = await openDockerfile('FROM alpine AS x');
    assert.deepEqual([screen.hover(document, 0, 2), screen.hover(document, 0, 14)], [undefined, undefined]);
  });
});

describe('the status bar', () => {
  useFace();

  for (const [kind, pattern] of [['verified', /verified-filled.*1 of 1 verified/], ['unsigned', /1 of 1 unsigned/], ['untrusted', /1 of 1 untrusted/], ['unchecked', /1 of 1 unchecked/]] as const) {
    it(`says in words that an image is ${kind}, in colour only when untrusted`, async () => {
      trustKey();
      const face = startFace();
      face.engine.answers.set('library/alpine', verdicts[kind]);
      await openDockerfile('FROM alpine');
      const { text, backgroundColor, visible, command, accessibilityInformation } = screen.status();
      assert.match(text, pattern);
      assert.deepEqual(backgroundColor, kind === 'untrusted' ? new ThemeColor('statusBarItem.errorBackground') : undefined);
      assert.deepEqual([visible, command], [true, 'countersign.showTrust']);
      assert.ok(typeof accessibilityInformation === 'object' && accessibilityInformation !== null && 'label' in accessibilityInformation);
    });
  }

  it('is there for Dockerfiles only, and goes when the file is closed', async () => {
    trustKey();
    startFace();
    const document = await openDockerfile('FROM alpine');
    fake.show(fake.open('/x.md', '', 'markdown'));
    assert.equal(screen.status().visible, false);
    fake.show(document);
    assert.equal(screen.status().visible, true);
    fake.close(document);
    assert.equal(screen.status().visible, false);
    assert.equal(fake.languages.statuses.size, 0);
  });

  it('says in the language status that it is verifying, in words: what the editor draws for "busy" turns, whatever a person prefers', async () => {
    trustKey();
    const face = startFace();
    await openDockerfile('FROM alpine');
    const { busy, text } = screen.languageStatus('countersign.images') ?? {};
    assert.deepEqual([busy, text], [false, 'Verifying 1 of 1']);
    face.engine.last('alpine').answer(verdicts.untrusted);
    await settle();
    assert.equal(screen.languageStatus('countersign.images')?.severity, 2);
  });
});

describe('quick fixes', () => {
  useFace();

  for (const [kind, commands] of [
    ['unsigned', ['countersign.addTrustedKey', 'countersign.verifyAgain']],
    ['untrusted', ['countersign.addTrustedKey', 'countersign.verifyAgain']],
    ['unchecked', ['countersign.verifyAgain', 'workbench.action.openSettings', 'countersign.openLog', 'countersign.diagnoseRegistry']],
  ] as const) {
    it(`are offered for ${kind} images, attached to the diagnostic`, async () => {
      trustKey();
      const face = startFace();
      face.engine.answers.set('library/alpine', verdicts[kind]);
      const document = await openDockerfile('FROM alpine');
      const fixes = await screen.fixes(document);
      assert.deepEqual(fixes.map(({ command }) => command?.command), commands);
      assert.ok(fixes.every(({ diagnostics }) => diagnostics?.[0] === screen.diagnostics(document)[0]));
    });
  }

  it('name the image the key is for', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('o/app', verdicts.untrusted);
    const document = await openDockerfile('FROM ghcr.io/o/app:1');
    assert.deepEqual((await screen.fixes(document))[0]?.command?.arguments, [{ uri: document.uri.toString(), image: 'ghcr.io/o/app:1' }]);
  });

  it('lead to the build arguments where one is missing', async () => {
    trustKey();
    startFace();
    const document = await openDockerfile('FROM $BASE');
    assert.deepEqual((await screen.fixes(document)).map(({ command }) => command?.arguments), [['countersign.dockerfile.buildArgs']]);
  });

  it('are not offered for the diagnostics of others', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    const document = await openDockerfile('FROM alpine');
    const foreign = screen.diagnostics(document).map((diagnostic) => Object.assign(Object.create(diagnostic) as typeof diagnostic, { source: 'hadolint' }));
    assert.deepEqual(await screen.fixes(document, foreign), []);
  });
});

describe('the log', () => {
  useFace();

  it('says every verdict once', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unchecked);
    const document = await openDockerfile('FROM alpine\nFROM busybox');
    face.engine.last('busybox').answer(verdicts.verified);
    await type(document, 'FROM alpine\nFROM busybox ');
    assert.equal(fake.log.filter(({ text, level }) => level === 'warn' && /alpine.*REGISTRY_TIMEOUT/.test(text)).length, 1);
    assert.equal(fake.log.filter(({ text, level }) => level === 'info' && /busybox.*Signed by release/.test(text)).length, 1);
  });

  it('holds no user name, password or query of an address, in causes neither', () => {
    assert.equal(redact('GET https://ada:secret@r.example/v2/?token=x failed'), 'GET https://…@r.example/v2/?… failed');
    const text = describeFailure(new CosignError('REGISTRY_UNREACHABLE', said`No answer.`, { cause: new Error('connect http://u:p@proxy:3128/?k=v') }));
    assert.match(text, /REGISTRY_UNREACHABLE.*connect http:\/\/…@proxy:3128/);
    assert.doesNotMatch(text, /u:p|k=v/);
  });
});
