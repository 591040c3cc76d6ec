// Signing an image from the editor: what is asked, what is shown before the push, what is said after it, and that leaving pushes nothing.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { registryError } from '../../src/core/oci/registryError.ts';
import { fake, Selection, window, workspace } from '../support/vscode.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { digest, evidence, verdicts } from './fakeEngine.ts';
import { description } from './fakeSigning.ts';
import { answer, folder, openDockerfile, screen, settle, startSigning, trustKey, useFace } from './harness.ts';

const key = `${folder}/cosign.key`;
const [image, chosenKey, password, format, noAnnotation, yes]: readonly Answer[] = [{ type: 'ghcr.io/o/app:1' }, { pick: 'cosign.key' }, { type: 'right' }, { pick: 'Both' }, { type: '' }, { choose: 'Sign' }];
const asked = [image, chosenKey, password, format, noAnnotation, yes].filter((item) => item !== undefined);
const summary = (): string => fake.script.shown.find(({ modal }) => modal)?.text ?? '';

type Started = ReturnType<typeof startSigning>;
const start = (verdict: (typeof verdicts)[keyof typeof verdicts] = verdicts.unsigned): Started => {
  const face = startSigning();
  face.engine.answers.set('o/app', verdict).set('library/alpine', verdict);
  return face;
};

describe('signing an image', () => {
  useFace();
  beforeEach(() => { fake.write(key, 'PEM'); });

  it('shows the exact digest, every place, who signed before, and that no log is written to, before anything is pushed', async () => {
    const { signing } = start();
    await answer('signImage', asked);
    assert.match(summary(), /^Sign ghcr\.io\/o\/app:1\?/);
    for (const part of [digest('a'), `ghcr.io/o/app:${digest('a').replace(':', '-')}.sig`, `a referrer of ghcr.io/o/app@${digest('a')}`, 'Signed so far by: nobody', 'Nothing is uploaded to a transparency log', 'cosign.key (ECDSA P-256, SHA256:signer)']) {
      assert.ok(summary().includes(part), part);
    }
    assert.equal(signing.signedImages.length, 1);
  });

  it('resolves a tag once: what is planned, shown and signed is the digest', async () => {
    const { signing, engine } = start();
    await answer('signImage', asked);
    assert.deepEqual(signing.plans.map(({ reference }) => reference.digest), [undefined, digest('a')]);
    assert.equal(signing.signedImages[0]?.plan.digest, digest('a'));
    assert.ok(engine.calls.every(({ query }) => query.reference.digest === digest('a') && query.fresh));
  });

  for (const [at] of asked.entries()) {
    it(`pushes nothing when it is left at question ${at + 1}`, async () => {
      const { signing } = start();
      await answer('signImage', [...asked.slice(0, at), at === asked.length - 1 ? { choose: 'no such button' } : { escape: true }]);
      assert.deepEqual([signing.signedImages, fake.script.shown.filter(({ kind, modal }) => kind === 'message' && modal !== true)], [[], []]);
    });
  }

  it('is refused in Restricted Mode', async () => {
    const { signing } = start();
    workspace.isTrusted = false;
    await answer('signImage', []);
    assert.match(fake.script.messages().join(), /Restricted Mode/);
    assert.deepEqual([signing.plans, fake.script.shown.length], [[], 1]);
  });

  it('offers the references of the file, and the one under the cursor first', async () => {
    start();
    const document = await openDockerfile('FROM alpine:3.20\nFROM ghcr.io/o/app:1\nFROM alpine:3.20\nFROM ${X}');
    const editor = window.activeTextEditor;
    assert.ok(editor?.document === document);
    editor.selection = new Selection(1, 8, 1, 8);
    await answer('signImage', [{ run: () => undefined }, { escape: true }]);
    assert.deepEqual([fake.script.shown[0]?.value, fake.script.shown[0]?.items.map(({ label }) => label)], ['ghcr.io/o/app:1', ['alpine:3.20', 'ghcr.io/o/app:1']]);
  });

  it('starts with the reference of the hover that called it', async () => {
    const { signing } = start();
    const document = await openDockerfile('FROM alpine\nFROM ghcr.io/o/app:1');
    await answer('signImage', [{ run: () => undefined }, { pick: 'app' }, { escape: true }], { uri: document.uri.toString(), range: { start: { line: 1, character: 5 }, end: { line: 1, character: 20 } } });
    assert.deepEqual([fake.script.shown[0]?.value, signing.plans[0]?.reference.repository], ['ghcr.io/o/app:1', 'o/app']);
  });

  it('says why a text is no reference, and does not take it', async () => {
    const { signing } = start();
    await answer('signImage', [{ type: 'ghcr.io/Upper/case' }, { run: () => undefined }, { escape: true }]);
    assert.match(JSON.stringify(fake.script.shown[1]?.items), /upper-case letters/);
    assert.deepEqual(signing.plans, []);
  });

  it('says at once that an image does not exist', async () => {
    const { signing } = start();
    signing.failure = new CosignError('IMAGE_NOT_FOUND', said`ghcr.io/o/app has no tag 1.`);
    await answer('signImage', asked.slice(0, 1));
    assert.match(fake.script.messages().join(), /has no tag 1/);
  });

  for (const [label, formats] of [['Both', ['legacy', 'bundle']], ['Legacy', ['legacy']], ['Bundle', ['bundle']]] as const) {
    it(`writes what "${label}" says`, async () => {
      const { signing } = start();
      await answer('signImage', [...asked.slice(0, 3), { pick: label }, ...asked.slice(4)]);
      assert.deepEqual(signing.signedImages[0]?.plan.formats, formats);
    });
  }

  it('takes format, repository and media types from the settings', async () => {
    Object.assign(fake.configuration.user, { 'countersign.signing.format': 'legacy', 'countersign.signing.repository': 'ghcr.io/o/signatures', 'countersign.signing.dockerMediaTypes': true });
    const { signing } = start();
    await answer('signImage', [...asked.slice(0, 3), { run: () => undefined }, ...asked.slice(3)]);
    assert.deepEqual([signing.plans[1]?.signatureRepository, signing.signedImages[0]?.dockerMediaTypes], ['ghcr.io/o/signatures', true]);
    assert.match(summary(), /media types of Docker/);
    assert.match(fake.script.messages().at(-1) ?? '', /The signatures are in ghcr\.io\/signatures: who verifies with cosign needs COSIGN_REPOSITORY/);
  });

  it('takes several annotations, refuses what is none, and shows them', async () => {
    const { signing } = start();
    await answer('signImage', [...asked.slice(0, 4), { type: 'nonsense' }, { type: '=x' }, { type: 'env=prod' }, { type: 'note=a = b' }, { type: 'env=test' }, ...asked.slice(4)]);
    assert.deepEqual(signing.signedImages[0]?.annotations, { env: 'test', note: 'a = b' });
    assert.match(summary(), /env=test and note=a = b/);
  });

  it('asks about an index whether all it lists is signed, and about nothing else', async () => {
    const { signing } = start();
    signing.isIndex = true;
    await answer('signImage', [...asked.slice(0, 5), { pick: 'All It Lists' }, ...asked.slice(5)]);
    assert.deepEqual(signing.plans.map(({ recursive }) => recursive), [false, true]);
    assert.equal(signing.signedImages[0]?.plan.manifests.length, 2);
    assert.match(summary(), /2 manifests/);
  });

  it('signs the index alone where that is chosen', async () => {
    const { signing } = start();
    signing.isIndex = true;
    await answer('signImage', [...asked.slice(0, 5), { pick: 'The Index' }, ...asked.slice(5)]);
    assert.equal(signing.signedImages[0]?.plan.manifests.length, 1);
  });

  it('shows who had signed before, those that are not known as well', async () => {
    const store = { format: 'bundle', store: 'referrers API', manifest: digest('b'), blob: digest('c'), annotations: {} } as const;
    const { engine } = start();
    engine.answers.set('o/app', { kind: 'verified', ...evidence({ signatures: [{ ...store, signedBy: { key: 'team', fingerprint: 'SHA256:t' } }, { ...store, fault: 'other-key' }] }) });
    await answer('signImage', asked);
    assert.match(summary(), /Signed so far by: team \(SHA256:t\) and 1 signature by a key that is not known/);
    assert.match(fake.script.messages().at(-1) ?? '', /Signers before: team \(SHA256:t\) and 1 .* Signers now: team \(SHA256:t\)/);
  });

  it('says what it could not find out about those who signed before', async () => {
    start(verdicts.unchecked);
    await answer('signImage', asked);
    assert.match(summary(), /Signed so far by: could not be read completely: ghcr\.io did not answer in time/);
  });

  it('verifies what is in the registry then, and says the verdict', async () => {
    trustKey();
    const { engine } = start(verdicts.verified);
    await answer('signImage', asked);
    assert.match(fake.script.messages().at(-1) ?? '', /Signed ghcr\.io\/o\/app:1@sha256:a{12}…: 2 signatures written.*Verified: signed by release/);
    assert.ok(engine.calls.some(({ query }) => query.trust.keys.some(({ reference }) => reference === '/keys/release.pub') && query.trust.keys.length === 1));
    assert.equal(engine.forgotten, 1);
  });

  it('warns where the verdict is not what was hoped for', async () => {
    trustKey();
    start(verdicts.untrusted);
    await answer('signImage', asked);
    assert.equal(fake.script.shown.at(-1)?.severity, 'warning');
  });

  it('says that the key is not trusted, and offers to trust it', async () => {
    start();
    await answer('signImage', [...asked, { choose: 'Trust This Key' }, { type: 'mine' }, { pick: 'Some Images' }, { type: 'ghcr.io/o/app' }, { pick: 'User' }]);
    assert.match(fake.script.shown.find(({ text, modal }) => !modal && text.includes('not among those you trust'))?.text ?? '', /Not verified: no key is trusted here yet/);
    assert.deepEqual(Object.keys(fake.configuration.user['countersign.keys'] as object), ['mine']);
  });

  it('offers no trust where the key is trusted already', async () => {
    trustKey();
    const { engine } = start(verdicts.verified);
    engine.describe = () => [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:signer', pem: 'PEM' }];
    await answer('signImage', asked);
    assert.deepEqual(fake.script.shown.at(-1)?.items, [{ label: 'Copy Reference' }]);
  });

  it('puts the reference with its digest on the clipboard for who wants it', async () => {
    start();
    await answer('signImage', [...asked, { choose: 'Copy Reference' }]);
    assert.equal(fake.clipboard, `ghcr.io/o/app:1@${digest('a')}`);
  });

  it('says that nothing was written where the key had signed already', async () => {
    const { signing } = start();
    signing.outcome = 'already there';
    await answer('signImage', asked);
    assert.match(fake.script.messages().at(-1) ?? '', /signed with this key already; nothing was written/);
  });

  it('verifies the open Dockerfiles again', async () => {
    trustKey();
    const { engine } = start();
    const document = await openDockerfile('FROM ghcr.io/o/app:1');
    assert.match(screen.titles(document)[0] ?? '', /Unsigned/);
    engine.answers.set('o/app', verdicts.verified);
    await answer('signImage', [{ type: 'ghcr.io/o/app:1' }, ...asked.slice(1)]);
    assert.match(screen.titles(document)[0] ?? '', /Signed by release/);
  });

  it('cancelled while the image is looked up leaves nothing behind', async () => {
    const { signing } = start();
    signing.gate = new Promise(() => undefined);
    await answer('signImage', [...asked.slice(0, 1), { escape: true, whileBusy: true }]);
    assert.deepEqual([signing.signedImages, fake.script.messages(), signing.unlockedKeys], [[], [], []]);
    assert.match(fake.script.shown.at(-1)?.items[0]?.label ?? '', /Looking up ghcr\.io\/o\/app:1/);
  });

  it('cancelled while it is prepared leaves nothing behind, and no progress message stays beside the question', async () => {
    const { signing } = start();
    const plan = signing.planImage.bind(signing);
    signing.planImage = (request, signal) => {
      if (signing.plans.length === 1) signing.gate = new Promise(() => undefined);
      return plan(request, signal);
    };
    await answer('signImage', [...asked.slice(0, 5), { escape: true, whileBusy: true }]);
    assert.deepEqual([signing.signedImages, fake.script.messages(), fake.progress], [[], [], []]);
    assert.match(fake.script.shown.at(-1)?.items[0]?.label ?? '', /Preparing to sign ghcr\.io\/o\/app:1/);
  });

  it('cancelled while it pushes says how many signatures are there', async () => {
    const { signing, engine } = start();
    const push = signing.signImage.bind(signing);
    signing.signImage = (request, report, signal) => {
      signing.gate = new Promise(() => undefined);
      return push(request, report, signal);
    };
    const running = answer('signImage', asked);
    for (let turn = 0; turn < 60 && !fake.progress.some(({ title }) => title?.startsWith('Signing')); turn++) await settle();
    fake.progress.find(({ title }) => title?.startsWith('Signing'))?.source.cancel();
    await running;
    assert.deepEqual([fake.script.messages().at(-1), signing.signedImages.length, engine.forgotten], ['Cancelled: 1 of 2 signatures are in the registry.', 0, 1]);
  });

  it('that may not be pushed says so with a way out', async () => {
    const { signing } = start();
    signing.signImage = () => Promise.reject(new CosignError('REGISTRY_DENIED', said`ghcr.io denies "reader" to push to o/app.`));
    await answer('signImage', asked);
    assert.match(fake.script.messages().at(-1) ?? '', /denies "reader".*an account that may push to ghcr\.io\/o\/app/);
  });

  it('keeps the remedy of a registry that says exactly why it refuses', async () => {
    const { signing } = start();
    signing.signImage = () => Promise.reject(registryError({ status: 400, method: 'PUT', on: 'ghcr.io/o/app', account: said`as writer`, registryCode: 'TAG_INVALID', registryMessage: 'tag is immutable', isRegistryAnswer: true, isWebPage: false, isBodyCut: false }));
    await answer('signImage', asked);
    assert.match(fake.script.messages().at(-1) ?? '', /as writer.*cannot be changed.*Choose another tag/);
    assert.doesNotMatch(fake.script.messages().at(-1) ?? '', /docker login/);
  });

  it('asks the password again where the key was locked meanwhile', async () => {
    const { signing } = start();
    await answer('signImage', [...asked.slice(0, 4), { run: () => { signing.lock(); } }, ...asked.slice(4), { type: 'right' }]);
    assert.deepEqual([signing.signedImages.length, signing.tried.length], [1, 2]);
  });

  it('is refused where the key file holds another key than the one that was shown', async () => {
    const { signing } = start();
    await answer('signImage', [...asked.slice(0, 4), { run: () => { signing.unlockedAs = { ...description, fingerprint: 'SHA256:replaced' }; } }, ...asked.slice(4)]);
    assert.match(fake.script.messages().at(-1) ?? '', /cosign\.key is another one now.*SHA256:replaced/);
    assert.deepEqual(signing.signedImages, []);
  });

  it('locks the key at the end, however it ends, where it is not to stay unlocked', async () => {
    fake.configuration.user['countersign.signing.unlockedFor'] = 0;
    const { signing } = start();
    await answer('signImage', asked);
    await answer('signImage', [...asked.slice(0, 3), { escape: true }]);
    assert.deepEqual([signing.unlockedKeys, signing.locks, signing.signedImages.length], [[], 2, 1]);
  });

  it('is offered by the hover and by the list of images, and in Restricted Mode by neither', async () => {
    trustKey();
    start(verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    assert.match(screen.hover(document, 0, 7)?.contents[0]?.value ?? '', /Sign Image.*command:countersign\.signImage/);
    await answer('showTrust', [{ button: 'Sign Image', on: 'alpine' }, { escape: true }]);
    assert.deepEqual(fake.executed.map(({ command }) => command), ['countersign.signImage']);
    workspace.isTrusted = false;
    assert.doesNotMatch(screen.hover(document, 0, 7)?.contents[0]?.value ?? '', /signImage/);
  });
});
