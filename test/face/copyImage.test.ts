// Copying an image from the editor: what is asked, what is shown before and after, what each failure says, and that leaving copies nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CopyProgress } from '../../src/core/copyEngine.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { registryError } from '../../src/core/oci/registryError.ts';
import { fake, Selection, window, workspace } from '../support/vscode.ts';
import { digest, verdicts } from './fakeEngine.ts';
import { asked, copy, destination, failures, index, kinds, manifest, messages, proven, shownAt, source, startCopying, update } from './fakeCopying.ts';
import { answer, openDockerfile, screen, settle, tick, useFace } from './harness.ts';

describe('copying an image', () => {
  useFace();

  it('asks, shows the plan, copies it, and says which signatures hold at the destination', async () => {
    const { copying, engine } = startCopying();
    await answer('copyImage', asked);
    assert.deepEqual(copying.requests.map(({ source: from, destination: to }) => [from.repository, to.repository]), [['o/app', 'me/app']]);
    assert.deepEqual(copying.copies.map(({ selection }) => selection), [{}]);
    assert.deepEqual(copying.copies[0]?.options.trust.keys.map(({ name }) => name), ['release']);
    assert.match(messages().join(), /Copied to r\.io\/me\/app:1 \(sha256:a{12}…\): 7\.0 MB sent, 1 blob mounted\. The signature that is valid at the source is valid here: release\. Verified at the destination: signed by release\./);
    assert.ok(engine.forgotten > 0);
    assert.deepEqual(fake.script.shown.map(({ step, totalSteps }) => [step, totalSteps]).slice(0, 4), [[1, 2], [2, 2], [3, 4], [4, 4]]);
  });

  it('shows the plan as a tree with sizes and states before anything is copied', async () => {
    startCopying();
    await answer('copyImage', asked);
    const { items } = shownAt(4);
    const rows = items.map(({ label, description = '' }) => `${label} | ${description}`);
    assert.match(rows[0] ?? '', /Copy \| 7\.0 MB to send of 12 MB/);
    assert.match(items[0]?.detail ?? '', /3 manifests, 3 blobs\. Signatures: 1, SBOMs: 1\. The tag 1 is free\./);
    assert.ok(rows.some((row) => /^Image \| 13 MB, to copy, sha256:a{12}…/.test(row)), rows.join('\n'));
    assert.ok(rows.some((row) => /^\u00a0{4}Signature \| 100 B, added to what is there, tag sha256-a+\.sig/.test(row)), rows.join('\n'));
    assert.ok(rows.some((row) => /^\u00a0{4}SBOM \| 100 B, to be listed as a referrer \(application\/spdx\+json\)/.test(row)), rows.join('\n'));
  });

  it('shows the plan as a document with every layer, and comes back to the question', async () => {
    const { copying } = startCopying();
    await answer('copyImage', [source, destination, kinds, { pick: 'as a Document' }, copy]);
    const text = workspace.textDocuments.find(({ uri }) => uri.scheme === 'countersign-copy-plan')?.getText() ?? '';
    for (const part of ['Nothing was written', 'From: ghcr.io/o/app:1', 'To: r.io/me/app:1', `Digest: ${digest('a')}`, `  Config: ${digest('1')}, 900 B, already there`, `  Layer: ${digest('2')}, 5.0 MB, can be mounted`, `  Layer: ${digest('3')}, 7.0 MB, to copy`, `  Layer: ${digest('4')}, 1.0 MB, not distributed`, `  Signature: ${digest('5')}`]) {
      assert.ok(text.includes(part), `${part}\n${text}`);
    }
    assert.equal(copying.copies.length, 1);
  });

  it('showCopyPlan is a dry run: the same questions, a document, and nothing copied', async () => {
    const { copying } = startCopying();
    await answer('showCopyPlan', [source, destination, { check: ['SBOMs'] }]);
    const text = window.activeTextEditor?.document.getText() ?? '';
    assert.match(text, /Signature: sha256:5+, 100 B, left out/);
    assert.deepEqual([copying.copies, messages()], [[], []]);
    assert.deepEqual(fake.remembered.get('copy.destinations'), undefined);
  });

  for (const [at] of asked.entries()) {
    it(`copies nothing when it is left at question ${at + 1}`, async () => {
      const { copying } = startCopying();
      await answer('copyImage', [...asked.slice(0, at), { escape: true }]);
      assert.deepEqual([copying.copies, messages(), fake.remembered.size], [[], [], 0]);
    });
  }

  it('goes back question by question, keeping what was answered', async () => {
    const { copying } = startCopying();
    await answer('copyImage', [source, destination, { check: ['SBOMs'] }, { back: true }, { run: () => undefined }, { back: true }, { back: true }, { run: () => undefined }, source, { type: 'r.io/me/other:1' }, { check: [] }, copy]);
    const pickers = fake.script.shown.filter(({ step }) => step === 3);
    assert.deepEqual(pickers[1]?.checked?.map((label) => label.trim()), ['SBOMs']);
    assert.deepEqual(copying.copies.map(({ plan, selection }) => [plan.destination.repository, selection]), [['me/other', { kinds: [] }]]);
  });

  it('is refused in Restricted Mode, before anything is asked', async () => {
    const { copying } = startCopying();
    workspace.isTrusted = false;
    for (const command of ['copyImage', 'showCopyPlan']) await answer(command, []);
    assert.deepEqual([messages().map((text) => /In Restricted Mode nothing is copied/.test(text)), copying.requests], [[true, true], []]);
  });

  it('offers the references of the file, and fills in the one under the cursor', async () => {
    startCopying();
    await openDockerfile('FROM ghcr.io/o/app:1\nFROM ghcr.io/o/tool:2\nFROM ghcr.io/o/app:1');
    if (window.activeTextEditor) window.activeTextEditor.selection = new Selection(1, 8, 1, 8);
    await answer('copyImage', [{ escape: true }]);
    assert.deepEqual([shownAt(1).items.map(({ label }) => label), shownAt(1).value], [['ghcr.io/o/app:1', 'ghcr.io/o/tool:2'], 'ghcr.io/o/tool:2']);
  });

  it('takes the place of a hover or of the list of images', async () => {
    startCopying();
    const document = await openDockerfile('FROM ghcr.io/o/app:1\nFROM ghcr.io/o/tool:2');
    await answer('copyImage', [{ escape: true }], { uri: document.uri.toString(), range: { start: { line: 1, character: 5 }, end: { line: 1, character: 21 } } });
    assert.equal(shownAt(1).value, 'ghcr.io/o/tool:2');
    assert.match(screen.hover(document, 0, 8)?.contents[0]?.value ?? '', /Copy Image with Signatures…\]\(command:countersign\.copyImage/);
    fake.script.answer({ button: 'Copy Image with Signatures…', on: 'tool' }, { escape: true });
    await answer('showTrust', []);
    assert.deepEqual(fake.executed.map(({ command }) => command), ['countersign.copyImage']);
  });

  for (const [what, text, said] of [
    ['what is no reference', 'R.IO/ME app', /is not an image reference/],
    ['the source itself', 'ghcr.io/o/app:1', /This is the source itself/],
    ['the source itself without its tag', 'ghcr.io/o/app', /This is the source itself/],
    ['a tag that belongs to signatures', `r.io/me/app:sha256-${'a'.repeat(64)}.sig`, /belong to signatures/],
  ] as const) {
    it(`says while it is typed why it is no destination: ${what}`, async () => {
      const { copying } = startCopying();
      await answer('copyImage', [source, { type: text }, { escape: true }]);
      assert.match(fake.script.shown[1]?.items[0]?.detail ?? '', said);
      assert.deepEqual(copying.requests, []);
    });
  }

  it('gives a destination without a tag the tag of the source', async () => {
    const { copying } = startCopying();
    await answer('copyImage', [source, { type: 'r.io/me/app' }, { escape: true }]);
    assert.equal(copying.requests[0]?.destination.tag, '1');
  });

  it('asks nothing about kinds where nothing hangs on the image', async () => {
    const { copying } = startCopying();
    copying.root = manifest('a');
    await answer('copyImage', [source, destination, copy]);
    assert.equal(copying.copies.length, 1);
  });
});

describe('copying an index', () => {
  useFace();

  it('offers it and its images as a tree, and takes one of them', async () => {
    const { copying } = startCopying();
    copying.root = index;
    await answer('copyImage', [source, destination, { check: ['linux/amd64'] }, kinds, copy]);
    assert.deepEqual(shownAt(3).checked, ['Index of 2']);
    assert.deepEqual(shownAt(3).items.map(({ label }) => label), ['Index of 2', '\u00a0\u00a0\u00a0\u00a0linux/amd64', '\u00a0\u00a0\u00a0\u00a0linux/arm64']);
    assert.deepEqual(copying.copies[0]?.selection, { tops: [digest('a')] });
  });

  it('copies it as a whole, and asks about kinds only where there are some', async () => {
    const { copying } = startCopying();
    copying.root = index;
    await answer('copyImage', [source, destination, { check: ['Index of 2'] }, kinds, copy]);
    await answer('copyImage', [source, destination, { check: ['linux/arm64'] }, copy]);
    assert.deepEqual(copying.copies.map(({ selection }) => selection), [{}, { tops: [digest('b')] }]);
  });

  it('takes several of its images by their digests, writes no tag, and does not offer to change the Dockerfile', async () => {
    const { copying } = startCopying();
    copying.root = { ...index, children: [...index.children, manifest('c', { platform: 'linux/s390x' })] };
    copying.tag = { kind: 'present', tag: '1', digest: digest('e') };
    await openDockerfile('FROM ghcr.io/o/app:1');
    await answer('copyImage', [source, destination, { check: ['linux/amd64', 'linux/arm64'] }, kinds, copy]);
    assert.deepEqual(copying.copies.map(({ selection, options }) => [selection, options.overwriteTag]), [[{ tops: [digest('a'), digest('b')] }, undefined]]);
    const plan = shownAt(5).items;
    assert.match(plan[0]?.detail ?? '', /No tag: 2 images by their digests/);
    assert.deepEqual(plan.filter(({ label }) => label.includes('Update')), []);
    assert.match(messages().join(), /Copied to r\.io\/me\/app \(sha256:a{12}… and sha256:b{12}…\)/);
    assert.ok(!fake.script.shown.some(({ modal }) => modal));
  });

  for (const [checked, first, then, selection] of [
    ['an image takes the place of the index', ['Index of 2', 'linux/amd64'], undefined, { tops: [digest('a')] }],
    ['the index takes the place of its images', ['linux/amd64'], ['linux/amd64', 'Index of 2'], {}],
    ['what was chosen is checked when the person comes back', ['linux/amd64', 'linux/arm64'], ['linux/amd64', 'linux/arm64'], { tops: [digest('a'), digest('b')] }],
  ] as const) {
    it(checked, async () => {
      const { copying } = startCopying();
      copying.root = index;
      await answer('copyImage', [source, destination, { check: first }, ...then ? [{ back: true } as const, { check: then }] : [], kinds, copy]);
      assert.deepEqual(copying.copies[0]?.selection, selection);
      if (then) assert.deepEqual(fake.script.shown.filter(({ step }) => step === 3)[1]?.checked?.map((label) => label.trim()), first);
    });
  }

  it('asks again when nothing is checked, and says with each check what it comes to', async () => {
    const { copying } = startCopying();
    copying.root = index;
    await answer('copyImage', [source, destination, { check: [] }, { check: ['linux/amd64', 'linux/arm64'] }, { back: true }, { escape: true }]);
    const texts = fake.script.shown.filter(({ step }) => step === 3).map(({ text }) => text);
    assert.match(texts[0] ?? '', /The whole index/);
    assert.match(texts[1] ?? '', /Check what is copied/);
    assert.match(texts[2] ?? '', /2 images, by their digests, without a tag/);
    assert.deepEqual(copying.copies, []);
  });

  it('says which index cannot be copied', async () => {
    const { copying } = startCopying();
    copying.root = { ...index, missing: [digest('f')] };
    await answer('copyImage', [source, destination, { escape: true }]);
    assert.match(shownAt(3).items[0]?.detail ?? '', /cannot be copied/);
  });
});

describe('a destination tag that is another image', () => {
  useFace();
  const taken = { kind: 'present', tag: '1', digest: digest('e') } as const;

  it('is overwritten after a yes to a question with both digests', async () => {
    const { copying } = startCopying();
    copying.tag = taken;
    await answer('copyImage', [...asked, { choose: 'Overwrite' }]);
    const modal = fake.script.shown.find((shown) => shown.modal)?.text ?? '';
    assert.ok(modal.includes(digest('e')) && modal.includes(digest('a')), modal);
    assert.equal(copying.copies[0]?.options.overwriteTag, digest('e'));
  });

  it('stays without a yes, and nothing is copied', async () => {
    const { copying } = startCopying();
    copying.tag = taken;
    await answer('copyImage', [...asked, { choose: 'no such button' }]);
    assert.deepEqual([copying.copies, messages()], [[], []]);
  });

  it('is not asked about where it is this image already', async () => {
    const { copying } = startCopying();
    copying.tag = { ...taken, digest: digest('a') };
    await answer('copyImage', asked);
    assert.deepEqual([copying.copies[0]?.options.overwriteTag, fake.script.shown.some(({ modal }) => modal)], [undefined, false]);
  });

  it('says so when somebody tags it meanwhile', async () => {
    const { copying } = startCopying();
    copying.failure = new CosignError('TAG_EXISTS', said`r.io/me/app:1 exists already.`);
    await answer('copyImage', asked);
    assert.match(messages().join(), /exists already\. Choose another tag/);
  });
});

describe('the progress of a copy', () => {
  useFace();
  const step = (bytesDone: number): CopyProgress => ({ step: 'blobs', bytesDone, bytesTotal: 20_000_000 });

  it('names bytes, and the speed once it is known, and is not drawn more often than it can be read', async () => {
    const { copying } = startCopying();
    let open = (): void => undefined;
    copying.gate = new Promise((resolve) => { open = resolve; });
    let report: (progress: CopyProgress) => void = () => undefined;
    const plain = copying.copy.bind(copying);
    copying.copy = (plan, selection, options, onProgress, signal) => { report = onProgress; return plain(plan, selection, options, onProgress, signal); };
    fake.script.answer(...asked);
    const done = Promise.resolve(fake.commands.get('countersign.copyImage')?.());
    for (let turn = 0; turn < 20; turn++) await settle();
    report(step(1_000_000));
    report(step(1_500_000));
    await tick(1000);
    report(step(9_000_000));
    open();
    await done;
    await settle();
    const shown = fake.reports.map((entry) => (entry as { message?: string }).message);
    assert.deepEqual(shown, ['Layers: 1.0 MB of 20 MB', 'Layers: 9.0 MB of 20 MB, 8.0 MB/s']);
  });

  it('can be cancelled: the engine is stopped, the person is told what that means, nothing else is said', async () => {
    const { copying, engine } = startCopying();
    copying.gate = new Promise(() => undefined);
    fake.script.answer(...asked);
    const done = Promise.resolve(fake.commands.get('countersign.copyImage')?.());
    for (let turn = 0; turn < 20; turn++) await settle();
    fake.progress.at(-1)?.source.cancel();
    await done;
    await settle();
    assert.match(messages().join('|'), /^Cancelled\. No tag points at a part of an image; copying again goes on/);
    assert.ok(engine.forgotten > 0);
  });
});

describe('a copy that fails', () => {
  useFace();
  for (const [name, says] of [
    ['unauthorized', /does not let us write.*Log in \(docker login\) with an account that may pull from ghcr\.io\/o\/app and push to r\.io\/me\/app/],
    ['denied', /refuses access.*push to r\.io\/me\/app; a full quota and tags that must not change/],
    ['limited', /limits the number.*Copy again later: what has arrived is not sent a second time/],
    ['unavailable', /could not answer.*Copy again later/],
  ] as const) {
    it(`says what happened and what to do: ${name}, while looking and while copying`, async () => {
      const { copying } = startCopying();
      copying.failure = failures[name];
      await answer('copyImage', asked);
      copying.planFailure = failures[name];
      await answer('copyImage', asked.slice(0, 2));
      assert.deepEqual(messages().map((text) => says.test(text)), [true, true], messages().join('\n'));
    });
  }

  for (const [name, proof, says] of [
    ['a signature that is not found', { holds: false, signatures: [proven('valid'), proven('missing', 'qa')] }, /not proven.*A signature that is valid at the source is not valid at the destination: qa \(legacy signature of sha256:a+…: not found\).*Do not use/],
    ['two that do not verify', { holds: false, signatures: [proven('invalid'), proven('invalid', 'qa')] }, /2 signatures that are valid at the source are not valid at the destination: release .*does not verify.* and qa/],
    ['what could not be looked at', { holds: false, incomplete: [failures.limited] }, /could not all be checked: The registry limits/],
    ['a worse verdict', { holds: false, destination: verdicts.unsigned }, /verdict at the destination \(unsigned\) is not as good as at the source \(verified\)/],
  ] as const) {
    it(`fails when its proof does: ${name}`, async () => {
      const { copying } = startCopying();
      copying.proof = proof;
      const document = await openDockerfile('FROM ghcr.io/o/app:1');
      await answer('copyImage', [source, destination, kinds, update]);
      const shown = fake.script.shown.filter(({ kind }) => kind === 'message');
      assert.deepEqual(shown.map(({ severity }) => severity), ['error']);
      assert.match(shown[0]?.text ?? '', says);
      assert.match(shown[0]?.text ?? '', /The Dockerfile was not changed/);
      assert.equal(document.getText(), 'FROM ghcr.io/o/app:1');
    });
  }

  it('keeps the advice of a registry that said exactly why', async () => {
    const { copying } = startCopying();
    copying.failure = registryError({ status: 412, method: 'PUT', on: 'r.io/me/app', account: said`as writer`, registryCode: 'PRECONDITION', registryMessage: 'configured as immutable', isRegistryAnswer: true, isWebPage: false, isBodyCut: false });
    await answer('copyImage', asked);
    assert.match(messages().join(), /cannot be changed once they are there.*Choose another tag/);
  });

  it('tells as information under which other name the image was signed', async () => {
    const { copying } = startCopying();
    const { atSource, ...signed } = proven('valid');
    copying.proof = { signatures: [{ ...signed, atSource: { ...atSource, identity: 'ghcr.io/o/app' } }] };
    await answer('copyImage', asked);
    const shown = fake.script.shown.filter(({ kind }) => kind === 'message');
    assert.deepEqual(shown.map(({ severity }) => severity), ['information']);
    assert.match(shown[0]?.text ?? '', /Signed as ghcr\.io\/o\/app; the copy is r\.io\/me\/app\./);
  });

  it('looks for signatures where the settings say they lie', async () => {
    const { copying } = startCopying();
    await answer('copyImage', asked);
    fake.configuration.user['countersign.signing.repository'] = 'ghcr.io/o/signatures';
    await answer('copyImage', asked);
    assert.deepEqual(copying.requests.map(({ signatureRepository }) => signatureRepository), [undefined, 'ghcr.io/o/signatures']);
  });

  it('takes foreign layers along only where the settings say so', async () => {
    const { copying } = startCopying();
    for (const choice of [undefined, 'leave', 'copy', 'fetch']) {
      if (choice !== undefined) fake.configuration.user['countersign.copy.foreignLayers'] = choice;
      await answer('copyImage', asked);
    }
    assert.deepEqual(copying.requests.map(({ foreignLayers }) => foreignLayers), [undefined, undefined, true, undefined]);
  });

  it('does not claim a proof where there was nothing to prove', async () => {
    const { copying } = startCopying();
    copying.proof = { signatures: [], source: verdicts.unsigned, destination: verdicts.unsigned };
    await answer('copyImage', asked);
    assert.match(messages().join(), /No signature is valid at the source with the keys you trust, so there was none to prove\. The destination shows no signature of it\./);
  });

  it('says how many signatures were left out by choice', async () => {
    const { copying } = startCopying();
    copying.proof = { signatures: [proven('left out')] };
    await answer('copyImage', asked);
    assert.match(messages().join(), /1 valid signature was left out, as chosen/);
  });
});
