// Pinning in the editor: what is offered where, what is written, what is said, and what a moved tag says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { fake, workspace, type CodeAction } from '../support/vscode.ts';
import type { FakeDocument } from '../support/vscode/documents.ts';
import { digest, evidence, verdicts } from './fakeEngine.ts';
import { answer, folder, openDockerfile, run, screen, settle, startFace, tick, trustKey, type, useFace, type Face } from './harness.ts';

const [a, b, c] = [digest('a'), digest('b'), digest('c')];

function start(answers: Readonly<Record<string, Verdict>> = { 'library/alpine': verdicts.verified }): Face {
  trustKey();
  const face = startFace();
  face.engine.readDockerfile = readDockerfile;
  for (const [image, verdict] of Object.entries(answers)) face.engine.answers.set(image, verdict);
  return face;
}

const shown = (actions: readonly CodeAction[]): readonly string[] => actions.map(({ title, disabled }) => title + (disabled ? ` [${disabled.reason}]` : ''));
const messages = (): readonly string[] => fake.script.shown.filter(({ kind }) => kind === 'message').map(({ text }) => text);

/** What the editor does when one is chosen. */
async function take(document: FakeDocument, action: CodeAction | undefined): Promise<string> {
  assert.ok(action?.edit, action?.disabled?.reason ?? 'nothing to take');
  await workspace.applyEdit(action.edit);
  await settle();
  return document.getText();
}

describe('the quick fix that pins', () => {
  useFace();

  it('writes exactly the digest that was verified, in one step, without asking anybody', async () => {
    const face = start();
    const document = await openDockerfile('FROM --platform=linux/amd64 "alpine:3" AS x # c');
    const asked = face.engine.calls.length;
    const [pin, ...others] = await screen.actions(document, 0, 32);
    assert.deepEqual([pin?.title, others, pin?.kind?.value], ['Pin to Verified Digest sha256:aaaaaaaaaaaa…', [], 'quickfix']);
    assert.equal(await take(document, pin), `FROM --platform=linux/amd64 "alpine:3@${a}" AS x # c`);
    assert.deepEqual([fake.edits, face.engine.calls.length], [1, asked]);
  });

  it('writes the digest of the index where a platform of it decided', async () => {
    start({ 'library/alpine': { ...verdicts.verified, digest: a, decidedBy: b, platform: 'linux/arm64' } });
    const document = await openDockerfile('FROM --platform=linux/arm64 alpine:3');
    assert.match(await take(document, (await screen.actions(document, 0, 30))[0]), new RegExp(`alpine:3@${a}$`));
  });

  for (const kind of ['unsigned', 'untrusted', 'unchecked', 'uncovered'] as const) {
    it(`is not offered for an image that is ${kind}`, async () => {
      start({ 'library/alpine': verdicts[kind] });
      const document = await openDockerfile('FROM alpine:3');
      assert.deepEqual((await screen.actions(document, 0, 7)).filter(({ title }) => /pin/i.test(title)), []);
    });
  }

  it('is not offered before there is a verdict, without a key, on a stage, nor beside the reference', async () => {
    const face = start({});
    const document = await openDockerfile('FROM alpine:3 AS base\nFROM base\nFROM scratch');
    assert.deepEqual(await screen.actions(document, 0, 7), []);
    face.engine.last('alpine').answer(verdicts.verified);
    await settle();
    assert.deepEqual(await Promise.all([[0, 2], [0, 18], [1, 7], [2, 7]].map(async ([line = 0, at = 0]) => (await screen.actions(document, line, at)).length)), [0, 0, 0, 0]);
    assert.equal((await screen.actions(document, 0, 7)).length, 1);
  });

  it('is not offered while the text is another one than was read', async () => {
    const face = start();
    const document = await openDockerfile('FROM alpine:3');
    face.engine.readDockerfile = () => { throw new Error('broken'); };
    await type(document, 'FROM alpine:34');
    assert.deepEqual(await screen.actions(document, 0, 7), []);
    face.engine.readDockerfile = readDockerfile;
  });

  it('edits the default of an argument, and says in hover and menu why where it cannot', async () => {
    start();
    const document = await openDockerfile('ARG V=3\nFROM alpine:${V}');
    assert.equal(await take(document, (await screen.actions(document, 1, 7))[0]), `ARG V=3@${a}\nFROM alpine:\${V}`);
    await type(document, 'ARG V=3\nFROM alpine:${V}\nARG V\nRUN echo $V');
    await tick(1000);
    assert.deepEqual(shown(await screen.actions(document, 1, 7)), ['Pin to Verified Digest sha256:aaaaaaaaaaaa… [Changing V would change line 3 too.]']);
    assert.match(screen.hover(document, 1, 7)?.contents[0]?.value ?? '', /Cannot be pinned by itself: Changing V would change line 3 too/);
  });

  it('knows the build arguments of the settings', async () => {
    fake.configuration.user['countersign.dockerfile.buildArgs'] = { V: '4' };
    start();
    const document = await openDockerfile('ARG V=3\nFROM alpine:${V}');
    assert.match(shown(await screen.actions(document, 1, 7))[0] ?? '', /\[V has its value from the setting countersign\.dockerfile\.buildArgs\.\]/);
  });
});

describe('pinning a whole file', () => {
  useFace();
  const text = 'FROM alpine:3 AS x\r\nFROM busybox\r\nCOPY --from=debian:12 /a /b\r\nFROM scratch\r\n';
  const all = { 'library/alpine': verdicts.verified, 'library/busybox': { ...verdicts.verified, digest: b }, 'library/debian': verdicts.unsigned };

  it('pins what is verified in one step and names the rest', async () => {
    start(all);
    const document = await openDockerfile(text);
    const action = (await screen.actions(document, 0, 7))[1];
    assert.deepEqual([action?.title, action?.command?.command], ['Pin All Verified Images of This File', 'countersign.pinImages']);
    await run('pinImages', action?.command?.arguments?.[0]);
    assert.equal(document.getText(), `FROM alpine:3@${a} AS x\r\nFROM busybox:latest@${b}\r\nCOPY --from=debian:12 /a /b\r\nFROM scratch\r\n`);
    assert.deepEqual([fake.edits, messages()], [1, ['Pinned 2 references to their verified digests. Not pinned: debian:12 (Unsigned: no signature found).']]);
  });

  it('is a code action for saving, and only for who asks for it by name', async () => {
    start(all);
    const document = await openDockerfile(text);
    for (const only of ['source.fixAll.countersign.pin', 'source.fixAll.countersign', 'source']) {
      const actions = await screen.actions(document, 0, 0, only);
      assert.deepEqual(actions.map(({ kind, edit }) => [kind?.value, edit?.files[0]?.replacements.length]), [['source.fixAll.countersign.pin', 2]], only);
    }
    for (const only of ['source.fixAll', 'source.fixAll.eslint', 'source.organizeImports', 'refactor']) assert.deepEqual((await screen.actions(document, 0, 7, only)).filter(({ edit }) => edit), [], only);
    assert.match(await take(document, (await screen.actions(document, 0, 0, 'source.fixAll.countersign.pin'))[0]), new RegExp(`alpine:3@${a}`));
    assert.deepEqual([fake.edits, await screen.actions(document, 0, 0, 'source.fixAll.countersign.pin')], [1, []]);
  });

  for (const [name, file, answers, says] of [
    ['nothing is verified', 'FROM alpine:3', { 'library/alpine': verdicts.unchecked }, /^No image was pinned: alpine:3 \(Could not check: .+\)\.$/],
    ['everything has a digest', `FROM alpine:3@${a}`, { 'library/alpine': verdicts.verified }, /every image has a digest already/],
    ['there is no image', 'FROM scratch', {}, /there is no image/],
    ['it is being verified', 'FROM alpine:3', {}, /alpine:3 \(Verifying…\)/],
    ['it cannot be written', 'FROM alpine:${V#v}3', { 'library/alpine': verdicts.verified }, /^Pinned 1/],
    ['a variable is in the way', 'ARG V=v3\nFROM alpine:${V#v}', { 'library/alpine': verdicts.verified }, /made of variables in a way/],
    ['text is hostile', 'FROM \u202Ealpine', {}, /\uFFFD/],
  ] as const) {
    it(`says why nothing is done, or what: ${name}`, async () => {
      start(answers);
      const document = await openDockerfile(file);
      await run('pinImages');
      assert.match(messages().join(), says);
      assert.equal(document.getText() === file, !/Pinned/.test(says.source));
    });
  }

  it('says so when the editor refuses the change', async () => {
    start(all);
    fake.refusesEdits = true;
    await openDockerfile(text);
    await run('pinImages');
    assert.match(messages().join(), /was not changed/);
  });

  it('leads to keys where there are none', async () => {
    startFace().engine.readDockerfile = readDockerfile;
    await openDockerfile('FROM alpine:3');
    await answer('pinImages', [{ choose: 'nothing' }]);
    assert.equal(fake.edits, 0);
  });
});

const pem = readFileSync('test/fixtures/keys/p256.pub', 'utf8').trim();
const cluster = (name: string, glob: string): string => `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: ${name} }\nspec:\n  images: [{ glob: "${glob}" }]\n  authorities: [{ key: { data: ${JSON.stringify(pem)} } }]\n`;
const containers = `{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"docker.io/library/alpine:3": [{"type": "sigstoreSigned", "keyData": "${Buffer.from(pem).toString('base64')}"}]}}}`;

/** A Dockerfile in a folder with this policy file. */
async function openUnder(text: string, name: string, file: string, prepare: (face: Face) => void = () => undefined): Promise<FakeDocument> {
  fake.write(`${folder}/${name}`, file);
  fake.configuration.workspace['countersign.policyFiles'] = [name];
  prepare(start({ 'library/alpine': verdicts.verified, 'library/busybox': verdicts.verified }));
  const document = await openDockerfile(text);
  for (let turn = 0; turn < 100; turn++) await settle();
  return document;
}

describe('pinning under a policy that looks at the tag', () => {
  useFace();

  for (const [what, name, file, policy] of [
    ['a glob with the tag', 'a.yaml', cluster('releases', 'index.docker.io/library/alpine:*'), 'releases'],
    ['a scope with the tag', 'policy.json', containers, 'docker.io/library/alpine:3'],
  ] as const) {
    it(`is refused, with its name: ${what}`, async () => {
      const document = await openUnder('FROM alpine:3', name, file);
      const [pin] = await screen.actions(document, 0, 7);
      assert.equal(pin?.edit, undefined);
      assert.ok(pin?.disabled?.reason.startsWith(`The policy ${policy} looks at the tag`), pin?.disabled?.reason);
      assert.match(screen.hover(document, 0, 7)?.contents[0]?.value ?? '', /looks at the tag and would no longer cover/);
      assert.deepEqual(await screen.actions(document, 0, 7, 'source.fixAll.countersign.pin'), []);
      await run('pinImages');
      assert.equal(document.getText(), 'FROM alpine:3');
      assert.match(messages().join(), /^No image was pinned: alpine:3 \(The policy .* looks at the tag/);
    });
  }

  it('leaves the others to be pinned', async () => {
    const document = await openUnder('FROM alpine:3\nFROM busybox:1', 'a.yaml', `${cluster('releases', 'index.docker.io/library/alpine:*')}---\n${cluster('hub', 'index.docker.io/library/**')}`);
    await run('pinImages');
    assert.equal(document.getText(), `FROM alpine:3\nFROM busybox:1@${a}`);
    assert.match(messages().join(), /^Pinned 1 reference to its verified digest\. Not pinned: alpine:3 \(The policy releases looks/);
  });

  it('is offered where the policy covers the digest as well', async () => {
    const document = await openUnder('FROM alpine:3', 'a.yaml', cluster('hub', 'index.docker.io/library/**'));
    assert.equal(await take(document, (await screen.actions(document, 0, 7))[0]), `FROM alpine:3@${a}`);
  });
});

describe('unpinning, and moving a pin, under a policy that looks at the digest', () => {
  useFace();
  const glob = `index.docker.io/library/alpine@${a}`;

  it('is refused, with its name', async () => {
    const document = await openUnder(`FROM alpine:3@${a}`, 'a.yaml', cluster('approved', glob));
    const [unpin] = await screen.actions(document, 0, 7);
    assert.deepEqual(shown(unpin ? [unpin] : []), ['Unpin: Keep Only the Tag 3 [The policy approved looks at the digest and would no longer cover the image; let it cover the repository first.]']);
    await run('unpinImages');
    assert.equal(document.getText(), `FROM alpine:3@${a}`);
    assert.match(messages().join(), /^No image was unpinned: alpine:3 \(The policy approved looks at the digest/);
  });

  it('leaves the others to be unpinned', async () => {
    const document = await openUnder(`FROM alpine:3@${a}\nFROM busybox:1@${b}`, 'a.yaml', `${cluster('approved', glob)}---\n${cluster('hub', 'index.docker.io/library/**')}`);
    await answer('unpinImages', [{ check: ['busybox:1'] }]);
    assert.equal(document.getText(), `FROM alpine:3@${a}\nFROM busybox:1`);
    assert.match(messages().join(), /^1 reference has only its tag now\. Still pinned: alpine:3 \(The policy approved looks at the digest .* first\)\.$/);
  });

  it('is offered where the policy covers the tag as well', async () => {
    const document = await openUnder(`FROM alpine:3@${a}`, 'a.yaml', cluster('hub', 'index.docker.io/library/**'));
    assert.equal(await take(document, (await screen.actions(document, 0, 7))[0]), 'FROM alpine:3');
  });

  it('is refused for a move, too', async () => {
    const document = await openUnder(`FROM alpine:3@${a}`, 'a.yaml', `${cluster('approved', glob)}---\n${cluster('hub', 'index.docker.io/library/**')}`, (face) => {
      face.engine.tags.set('library/alpine', { digest: b, includesPin: false });
      face.engine.verify = ({ reference }) => Promise.resolve({ ...verdicts.verified, digest: reference.digest ?? a });
    });
    const [move] = await screen.actions(document, 0, 7);
    assert.match(move?.title ?? '', /^Move the Pin to/);
    assert.match(move?.disabled?.reason ?? '', /^The policy approved looks at the digest/);
    assert.equal(move?.isPreferred, false);
  });
});

describe('unpinning', () => {
  useFace();

  it('is offered where a tag stays, whatever the verdict', async () => {
    start({ 'library/alpine': verdicts.unsigned });
    const document = await openDockerfile(`FROM alpine:3@${a}\nFROM alpine@${b}`);
    const titles = await Promise.all([0, 1].map(async (line) => shown(await screen.actions(document, line, 7)).filter((title) => /pin/i.test(title))));
    assert.deepEqual(titles, [['Unpin: Keep Only the Tag 3'], ['Unpin [It has no tag that would stay.]']]);
    const action = (await screen.actions(document, 0, 7)).find(({ title }) => title.startsWith('Unpin'));
    assert.equal(await take(document, action), `FROM alpine:3\nFROM alpine@${b}`);
  });

  it('asks which, and changes those in one step', async () => {
    start();
    const document = await openDockerfile(`FROM alpine:3@${a} AS x\nFROM alpine:4@${b}\nFROM alpine:5@${c}`);
    await answer('unpinImages', [{ check: ['alpine:3', 'alpine:5'] }]);
    assert.equal(document.getText(), `FROM alpine:3 AS x\nFROM alpine:4@${b}\nFROM alpine:5`);
    assert.deepEqual([fake.edits, fake.script.shown[0]?.items.map(({ label }) => label)], [1, ['alpine:3', 'alpine:4', 'alpine:5']]);
  });

  it('says why nothing can be unpinned', async () => {
    start();
    await openDockerfile('FROM alpine:3');
    await run('unpinImages');
    await openDockerfile(`FROM alpine@${a}`, '/work space/app/Dockerfile.b');
    await run('unpinImages');
    assert.deepEqual(messages(), ['No image of this file is pinned.', 'No image was unpinned: alpine (It has no tag that would stay).']);
  });
});

describe('a tag that has moved', () => {
  useFace();
  const pinned = `FROM alpine:3@${a}`;
  const moved = { digest: b, includesPin: false } as const;

  /** The verdict of the pinned digest, and of the new one. */
  async function drift(pin: Verdict, now: Verdict | undefined, text = pinned): Promise<{ face: Face; document: FakeDocument }> {
    const face = start({});
    face.engine.tags.set('library/alpine', moved);
    const document = await openDockerfile(text);
    face.engine.last('alpine').answer(pin);
    await settle();
    if (now) face.engine.calls.find(({ query }) => query.reference.digest === b)?.answer(now);
    await settle();
    return { face, document };
  }
  const fresh: Verdict = { ...verdicts.verified, digest: b, decidedBy: b };
  const hover = (document: FakeDocument): string => (screen.hover(document, 0, 7)?.contents[0]?.value ?? '').replace(/\\/g, '').replace(/&#46;/g, '.');
  const drifts = (document: FakeDocument): readonly string[] => screen.diagnostics(document).filter(({ code }) => typeof code === 'object' && code.value === 'pin-drift').map(({ message }) => message);

  it('says so, with the same signer, and offers to move the pin to what was verified', async () => {
    const { face, document } = await drift(verdicts.verified, fresh);
    assert.deepEqual(drifts(document), ['The tag 3 has moved. The new image is signed by the same keys: release. The pin can be moved. The pin is sha256:aaaaaaaaaaaa…, the tag leads to sha256:bbbbbbbbbbbb… now.']);
    assert.deepEqual([screen.diagnostics(document)[0]?.severity, screen.titles(document)], [2, ['$(verified-filled) Signed by release']]);
    const [move, unpin] = await screen.actions(document, 0, 7);
    assert.deepEqual([move?.title, unpin?.title, move?.isPreferred, move?.diagnostics?.length], ['Move the Pin to sha256:bbbbbbbbbbbb…', 'Unpin: Keep Only the Tag 3', true, 1]);
    assert.equal(await take(document, move), `FROM alpine:3@${b}`);
    assert.deepEqual([face.engine.resolved.length, drifts(document)], [1, []]);
    const asked = face.engine.calls.find(({ query }) => query.reference.digest === b)?.query;
    assert.deepEqual([asked?.reference.tag, asked?.trust.keys.map(({ name }) => name)], ['3', ['release']]);
  });

  it('is asked as the pin is, also where signatures lie in another repository', async () => {
    fake.configuration.user['countersign.signing.repository'] = 'ghcr.io/team/signatures';
    const { face } = await drift(verdicts.verified, fresh);
    const [pin, now] = face.engine.calls.map(({ query }) => ({ ...query, fresh: false, reference: { ...query.reference, digest: undefined } }));
    assert.equal(pin?.signatureRepository, 'ghcr.io/team/signatures');
    assert.deepEqual(now, pin);
  });

  it('names both signers where they differ', async () => {
    const other = { ...fresh, ...evidence({ digest: b, signatures: [{ format: 'legacy', store: 'signature tag', manifest: b, blob: c, annotations: {}, signedBy: { key: 'team', fingerprint: 'SHA256:team' } }] }) } as Verdict;
    const { document } = await drift(verdicts.verified, other);
    assert.match(drifts(document).join(), /signed by team, the pinned one by release/);
  });

  for (const [name, now, says] of [
    ['unsigned', { ...verdicts.unsigned, digest: b }, /The new image is unsigned: stay/],
    ['untrusted', { ...verdicts.untrusted, digest: b }, /signed, but not as it must be/],
    ['unchecked', verdicts.unchecked, /Whether the new image is signed could not be checked: /],
    ['uncovered', verdicts.uncovered, /No policy covers the new image/],
  ] as const) {
    it(`leads nowhere when the new image is ${name}`, async () => {
      const { document } = await drift(verdicts.verified, now);
      assert.match(drifts(document).join(), says);
      assert.deepEqual(shown(await screen.actions(document, 0, 7)), ['Unpin: Keep Only the Tag 3']);
      assert.deepEqual(screen.titles(document), ['$(verified-filled) Signed by release']);
    });
  }

  it('is in the hover alone until it is known what the new image is worth', async () => {
    const { document } = await drift(verdicts.verified, undefined);
    assert.deepEqual(drifts(document), []);
    assert.match(hover(document), /has moved\. Who signed the new image is being checked/);
  });

  it('moves a pin that is not verified itself', async () => {
    const { document } = await drift(verdicts.unsigned, fresh);
    assert.match(drifts(document).join(), /The new image is signed by release\. The pin can be moved/);
    assert.match(await take(document, (await screen.actions(document, 0, 7)).find(({ title }) => title.startsWith('Move'))), new RegExp(b));
  });

  it('is told from one that could not be looked up, which never sounds like "up to date"', async () => {
    const face = start();
    face.engine.tags.set('library/alpine', new CosignError('REGISTRY_TIMEOUT', said`too slow`));
    const document = await openDockerfile(pinned);
    assert.match(hover(document), /Could not check whether the tag 3 has moved/);
    assert.doesNotMatch(hover(document), /still leads/);
    assert.deepEqual([screen.diagnostics(document), screen.titles(document)], [[], ['$(verified-filled) Signed by release']]);
    face.engine.tags.delete('library/alpine');
    face.engine.answers.set('library/alpine', { ...verdicts.verified });
    await run('verifyAgain');
    assert.match(hover(document), /The tag 3 still leads to the pinned digest/);
    assert.deepEqual(face.engine.resolved.map(({ fresh: again }) => again), [false, true]);
  });

  it('has the severity of the setting', async () => {
    fake.configuration.user['countersign.diagnostics.drift'] = 'off';
    const { document } = await drift(verdicts.verified, fresh);
    assert.deepEqual(screen.diagnostics(document), []);
    assert.match(hover(document), /has moved/);
  });

  it('is not looked for where that is off, in Restricted Mode, without tag or pin, unchecked or uncovered', async () => {
    const count = async (text: string, verdict: Verdict, prepare: () => void = () => undefined): Promise<number> => {
      prepare();
      const face = start({ 'library/alpine': verdict });
      await openDockerfile(text);
      await tick(1000);
      const { length } = face.engine.resolved;
      face.subscriptions.toReversed().forEach((item) => { item.dispose(); });
      fake.reset();
      return length;
    };
    assert.equal(await count(pinned, verdicts.verified), 1);
    assert.equal(await count(pinned, verdicts.verified, () => { fake.configuration.user['countersign.pinning.checkDrift'] = false; }), 0);
    assert.equal(await count(pinned, verdicts.verified, () => { fake.configuration.user['countersign.pinning.checkDrift'] = 'wrong'; }), 0);
    assert.equal(await count(pinned, verdicts.verified, () => { workspace.isTrusted = false; }), 0);
    assert.equal(await count('FROM alpine:3', verdicts.verified), 0);
    assert.equal(await count(`FROM alpine@${a}`, verdicts.verified), 0);
    assert.equal(await count(pinned, verdicts.unchecked), 0);
    assert.equal(await count(pinned, verdicts.uncovered), 0);
  });

  it('is looked for behind all verdicts, once for each, and no more when the reference is gone', async () => {
    const face = start({});
    const document = await openDockerfile(`${pinned}\nFROM busybox:1`);
    face.engine.last('alpine').answer(verdicts.verified);
    await settle();
    assert.equal(face.engine.resolved.length, 0);
    face.engine.last('busybox').answer(verdicts.verified);
    await settle();
    await type(document, `# c\n${pinned}\nFROM busybox:1`);
    await tick(1000);
    assert.equal(face.engine.resolved.length, 1);
    await type(document, 'FROM busybox:1');
    await tick(1000);
    assert.equal(face.engine.resolved.length, 1);
  });
});
