// Policies that want several signers, as a person sees them: who has signed, who has not, where that is written, what to do about it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said, type Said } from '../../src/core/said.ts';
import type { PolicyOutcome, SignatureReport, SignerOutcome } from '../../src/core/policy/verdict.ts';
import { fake, Uri, workspace } from '../support/vscode.ts';
import type { FakeDocument } from '../support/vscode/documents.ts';
import { digest, evidence } from './fakeEngine.ts';
import { folder, openDockerfile, screen, settle, startFace, useFace, type Face } from './harness.ts';

const settings = `{
  // who must sign
  "countersign.keys": { "release": "a.pub", "qa": "b.pub", "sec": "c.pub" },
  "countersign.policies": [
    { "name": "other", "images": ["x/**"], "keys": ["qa"] },
    {
      "name": "ours",
      "images": ["**"], "keys": ["release", "qa", "sec"], "require": 2,
    },
  ],
}`;
const policies = [{ name: 'other', images: ['x/**'], keys: ['qa'] }, { name: 'ours', images: ['**'], keys: ['release', 'qa', 'sec'], require: 2 }];

const by = (key: string): SignatureReport => ({ format: 'legacy', store: 'signature tag', manifest: digest('b'), blob: digest('c'), annotations: {}, signedBy: { key, fingerprint: `SHA256:${key}` } });
const signer = (key: string, state: SignerOutcome['state'], detail?: Said): SignerOutcome => ({ key, state, ...(detail === undefined ? {} : { detail }) });
const outcome = (signers: readonly SignerOutcome[], more: Partial<PolicyOutcome> = {}): PolicyOutcome => ({
  policy: 'ours', kind: 'signers', state: 'unsatisfied', satisfied: false, required: 2, signers, keys: signers.map(({ key }) => key), annotations: {},
  origin: { kind: 'settings', uri: Uri.file(`${folder}/.vscode/settings.json`).toString(), index: 1 }, ...more,
});
const partly = [signer('release', 'present'), signer('qa', 'missing'), signer('sec', 'invalid', said`it does not carry the annotation env=prod`)];

const hoverText = (document: FakeDocument): string => (screen.hover(document, 0, 6)?.contents ?? []).map(({ value }) => value).join('\n');

function start(): Face {
  fake.configuration.user['countersign.keys'] = { release: 'a.pub', qa: 'b.pub', sec: 'c.pub' };
  fake.configuration.workspace['countersign.policies'] = policies;
  fake.files.set(`${folder}/.vscode/settings.json`, new TextEncoder().encode(settings));
  return startFace();
}

describe('a policy that wants several signers', () => {
  useFace();

  it('reaches the engine with how many and where it is written', async () => {
    const face = start();
    await openDockerfile('FROM alpine');
    assert.deepEqual(face.engine.calls[0]?.query.trust.policies.map(({ require, origin }) => [require, origin?.index]), [[undefined, 0], [2, 1]]);
  });

  it('says in lens, hover and diagnostic who signed and who is awaited', async () => {
    const face = start();
    face.engine.answers.set('library/alpine', { kind: 'untrusted', ...evidence({ signatures: [by('release')], policies: [outcome(partly)] }) });
    const document = await openDockerfile('FROM alpine');
    assert.match(screen.titles(document)[0] ?? '', /Untrusted: 1 of 2 signers$/);
    const hover = hoverText(document);
    assert.match(hover, /signatures by 2 of release, qa and sec · \*\*1 of 2 signatures\*\*\n {2}- \$\(pass\) release: present\n {2}- \$\(circle-outline\) qa: missing\n {2}- \$\(error\) sec: invalid/);
    const [diagnostic] = screen.diagnostics(document);
    assert.match(diagnostic?.message ?? '', /1 of 2 signatures: release: present; qa: missing; sec: invalid \(it does not carry the annotation env=prod\)\./);
  });

  it('names the one who is missing when nobody else will do', async () => {
    const face = start();
    face.engine.answers.set('library/alpine', { kind: 'untrusted', ...evidence({ signatures: [by('release')], policies: [outcome([signer('release', 'present'), signer('qa', 'missing')])] }) });
    assert.match(screen.titles(await openDockerfile('FROM alpine'))[0] ?? '', /Untrusted: 1 of 2 signers, qa missing$/);
  });

  it('leads from the diagnostic to the very lines of the policy', async () => {
    const face = start();
    face.engine.answers.set('library/alpine', { kind: 'untrusted', ...evidence({ signatures: [by('release')], policies: [outcome(partly)] }) });
    const document = await openDockerfile('FROM alpine');
    await settle();
    const location = screen.diagnostics(document)[0]?.relatedInformation?.[0]?.location;
    assert.deepEqual([location?.uri.path, location?.range.start.line, location?.range.start.character, location?.range.end.line], [`${folder}/.vscode/settings.json`, 5, 4, 8]);
  });

  for (const how of ['typed', 'written by another program'] as const) {
    it(`follows the policy when lines above it are ${how}`, async () => {
      const face = start();
      face.engine.answers.set('library/alpine', { kind: 'untrusted', ...evidence({ signatures: [by('release')], policies: [outcome(partly)] }) });
      const document = await openDockerfile('FROM alpine');
      await settle();
      const moved = settings.replace('  // who', '  "editor.tabSize": 2,\n\n  // who');
      const path = `${folder}/.vscode/settings.json`;
      if (how === 'typed') fake.edit(fake.open(path, settings, 'jsonc'), moved);
      else fake.write(path, moved);
      for (let turn = 0; turn < 20; turn++) await settle();
      assert.equal(screen.diagnostics(document)[0]?.relatedInformation?.[0]?.location.range.start.line, 7);
    });
  }

  it('leads into the settings of a workspace file', async () => {
    const file = '/work space/x.code-workspace';
    workspace.workspaceFile = Uri.file(file);
    const face = start();
    fake.files.set(file, new TextEncoder().encode(`{ "folders": [],\n  "settings": ${settings} }`));
    face.engine.answers.set('library/alpine', { kind: 'unsigned', ...evidence({ policies: [outcome(partly, { origin: { kind: 'settings', uri: Uri.file(file).toString(), index: 0 } })] }) });
    const document = await openDockerfile('FROM alpine');
    await settle();
    const location = screen.diagnostics(document)[0]?.relatedInformation?.[0]?.location;
    assert.deepEqual([location?.uri.path, location?.range.start.line], [file, 5]);
  });

  it('leads to the line that a policy file gives', async () => {
    const face = start();
    const range = { start: { line: 7, character: 4 }, end: { line: 9, character: 0 } };
    face.engine.answers.set('library/alpine', { kind: 'unsigned', ...evidence({ policies: [outcome(partly, { origin: { kind: 'cluster-image-policy', uri: 'file:///p/cip.yaml', range } })] }) });
    const location = screen.diagnostics(await openDockerfile('FROM alpine'))[0]?.relatedInformation?.[0]?.location;
    assert.deepEqual([location?.uri.path, location?.range.start.line], ['/p/cip.yaml', 7]);
  });

  it('leads from an image that is not checked to what is not checked in the policy', async () => {
    const face = start();
    const policy = outcome([], { kind: 'unsupported', state: 'unknown', required: 0, reason: said`Keyless signatures are not checked.`, origin: { kind: 'cluster-image-policy', uri: 'file:///p/cip.yaml', range: { start: { line: 3, character: 0 }, end: { line: 4, character: 0 } } } });
    face.engine.answers.set('library/alpine', { kind: 'unchecked', reason: new CosignError('POLICY_UNSUPPORTED', said`Keyless signatures are not checked.`), checkedAt: 0, evidence: evidence({ policies: [policy] }) });
    const [diagnostic] = screen.diagnostics(await openDockerfile('FROM alpine'));
    assert.deepEqual([diagnostic?.relatedInformation?.[0]?.location.uri.path, diagnostic?.relatedInformation?.[0]?.location.range.start.line], ['/p/cip.yaml', 3]);
  });

  it('offers to add one\'s own signature, first where others have signed already', async () => {
    const face = start();
    face.engine.answers.set('library/alpine', { kind: 'untrusted', ...evidence({ signatures: [by('release')], policies: [outcome(partly)] }) });
    face.engine.answers.set('library/busybox', { kind: 'unsigned', ...evidence({ policies: [outcome([signer('release', 'missing'), signer('qa', 'missing')])] }) });
    const document = await openDockerfile('FROM alpine\nFROM busybox');
    const fixes = await screen.fixes(document);
    const commandsAt = (line: number): readonly unknown[] => fixes.filter(({ diagnostics }) => diagnostics?.[0]?.range.start.line === line).map(({ command }) => command?.command);
    assert.deepEqual([commandsAt(0), commandsAt(1)], [
      ['countersign.signImage', 'countersign.addTrustedKey', 'countersign.verifyAgain'], ['countersign.addTrustedKey', 'countersign.signImage', 'countersign.verifyAgain']]);
    const sign = fixes.find(({ command }) => command?.command === 'countersign.signImage');
    assert.deepEqual(sign?.command?.arguments, [{ uri: document.uri.toString(), range: { start: { line: 0, character: 5 }, end: { line: 0, character: 11 } } }]);
  });

  it('offers no signing in Restricted Mode', async () => {
    workspace.isTrusted = false;
    const face = start();
    face.engine.answers.set('library/alpine', { kind: 'untrusted', ...evidence({ signatures: [by('release')], policies: [outcome(partly)] }) });
    assert.deepEqual((await screen.fixes(await openDockerfile('FROM alpine'))).map(({ command }) => command?.command), ['countersign.addTrustedKey', 'countersign.verifyAgain']);
  });

  it('that asks for no signature is said to, and never drawn as verified', async () => {
    const face = start();
    face.engine.answers.set('library/alpine', { kind: 'uncovered', acceptedBy: 'lax' });
    const document = await openDockerfile('FROM alpine');
    assert.match(screen.titles(document)[0] ?? '', /\$\(dash\) No signature asked for by policy lax/);
    assert.match(hoverText(document), /Nothing is said about who signed it/);
    assert.deepEqual(screen.diagnostics(document), []);
  });

  it('looks for signatures where the settings say they are', async () => {
    fake.configuration.user['countersign.signing.repository'] = 'ghcr.io/o/signatures';
    const face = start();
    await openDockerfile('FROM alpine');
    assert.equal(face.engine.calls[0]?.query.signatureRepository, 'ghcr.io/o/signatures');
    fake.set('user', 'countersign.signing.repository', 'ghcr.io/o/other');
    await settle();
    assert.equal(face.engine.calls[1]?.query.signatureRepository, 'ghcr.io/o/other');
  });
});
