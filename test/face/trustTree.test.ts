// The trust tree and looking at all Dockerfiles of a workspace, with a fake editor and a fake engine.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ManifestContents } from '../../src/core/contentsEngine.ts';
import type { Digest } from '../../src/core/crypto/digest.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import type { TrustNode } from '../../src/vscode/trustTree.ts';
import type { TrustTreeView } from '../../src/vscode/trustTreeView.ts';
import { fake, window, type TreeItem, type Uri } from '../support/vscode.ts';
import { digest, verdicts } from './fakeEngine.ts';
import { answer, folder, openDockerfile, settle, startFace, tick, trustKey, useFace, type Face } from './harness.ts';

const view = (): { provider: TrustTreeView; badge: unknown } => {
  const found = fake.trees.get('countersign.images') ?? assert.fail('no tree');
  return { provider: found.options.treeDataProvider as TrustTreeView, badge: found.badge };
};
const children = (node?: TrustNode): Promise<readonly TrustNode[]> => view().provider.getChildren(node);
const item = (node: TrustNode | undefined): TreeItem => view().provider.getTreeItem(node ?? assert.fail('no such row')) as unknown as TreeItem;
const told = (nodes: readonly TrustNode[]): readonly string[] => nodes.map((node) => {
  const { label, description } = item(node);
  return description ? `${label} | ${description}` : label;
});
const contents = (changes: Partial<ManifestContents> = {}): ManifestContents => ({ digest: digest('a'), mediaType: 'application/vnd.oci.image.index.v1+json', sizeBytes: 500, manifests: [], blobs: [], proofs: [], notRead: 0, incomplete: [], ...changes });
const withContents = (face: Face, read: (of: Digest) => Promise<ManifestContents>): { asked: Digest[] } => {
  const asked: Digest[] = [];
  face.engine.contents = {
    resolve: () => Promise.resolve(digest('a')), manifest: () => Promise.resolve({ bytes: new Uint8Array(), mediaType: 'x', text: '{\n  "a": 1\n}' }),
    payload: () => Promise.resolve({ bytes: new Uint8Array(), mediaType: 'x' }),
    read: (_repository, of) => {
      asked.push(of);
      return read(of);
    },
  };
  return { asked };
};

describe('the trust tree', () => {
  useFace();

  it('shows file, image, policy, signature and what the registry holds', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const { asked } = withContents(face, (of) => Promise.resolve(of === digest('a')
      ? contents({
        manifests: [{ digest: digest('1'), mediaType: 'application/vnd.oci.image.manifest.v1+json', sizeBytes: 2500, platform: 'linux/arm64' }],
        proofs: [{ kind: 'sbom', digest: digest('5'), mediaType: 'm', sizeBytes: 900, place: { kind: 'referrer' }, artifactType: 'application/spdx+json', annotations: {}, layers: [{ digest: digest('6'), mediaType: 'text/spdx', size: 7 }] }],
      })
      : contents({ digest: of })));
    await openDockerfile('FROM alpine:3.20');
    await tick(200);
    const files = await children();
    assert.deepEqual(told(files), ['Dockerfile | 1 of 1 verified']);
    const images = await children(files[0]);
    assert.deepEqual(told(images), ['alpine:3.20 | Signed by release']);
    assert.match(item(images[0]).contextValue ?? '', /\bplace\b.*\bdigest\b/);
    const evidence = await children(images[0]);
    assert.deepEqual(told(evidence), ['Policy: Every trusted key | satisfied', 'Signed by release | legacy signature · signature tag', 'sha256:aaaaaaaaaaaa…']);
    assert.deepEqual(asked, [], 'nothing is asked before it is unfolded');
    const inside = await children(evidence[2]);
    assert.deepEqual(told(inside), ['linux/arm64 | sha256:111111111111… · 2.5 kB', 'SBOM | referrer · application/spdx+json · 900 B']);
    assert.deepEqual(told(await children(inside[1])), ['text/spdx | sha256:666666666666… · 7 B']);
    assert.deepEqual(told(await children(inside[0])), ['No signature, attestation, SBOM or other referrer hangs on it.']);
    await children(evidence[2]);
    assert.deepEqual(asked, [digest('a'), digest('1')], 'what is known is not asked again');
    for (const node of [...files, ...images, ...evidence, ...inside]) assert.ok((item(node).accessibilityInformation?.label ?? '') !== '');
  });

  it('shows of each signer whether it has signed', async () => {
    trustKey();
    const face = startFace();
    const signers = [{ key: 'release', state: 'present', fingerprint: 'SHA256:abc' }, { key: 'qa', state: 'missing' }, { key: 'legal', state: 'invalid', detail: said`signs another digest` }, { key: 'ops', state: 'unreadable' }] as const;
    face.engine.answers.set('library/alpine', { ...verdicts.untrusted, policies: [{ policy: 'ours', satisfied: false, state: 'unsatisfied', kind: 'signers', required: 3, keys: ['release', 'qa', 'legal', 'ops'], annotations: {}, signers }] });
    await openDockerfile('FROM alpine');
    const [file] = await children();
    const [image] = await children(file);
    const [policy] = await children(image);
    assert.deepEqual(told([policy ?? assert.fail()]), ['Policy: ours | not satisfied · 1 of 3 signers']);
    assert.deepEqual(told(await children(policy)), ['release | has signed', 'qa | has not signed yet', 'legal | has signed, but it does not count', 'ops | not known: the key could not be read']);
  });

  it('says what could not be read, and never that there is nothing', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unchecked);
    let isDown = true;
    withContents(face, () => (isDown ? Promise.reject(new CosignError('REGISTRY_TIMEOUT', said`docker.io did not answer in time.`)) : Promise.resolve(contents({ incomplete: [new CosignError('REGISTRY_DENIED', said`No access.`)] }))));
    await openDockerfile('FROM alpine:3.20');
    const [file] = await children();
    const [image] = await children(file);
    assert.equal(item(image).description, 'Could not check: the registry did not answer in time');
    const rows = await children(image);
    assert.deepEqual(rows.map(({ kind }) => kind), ['failure', 'manifest']);
    assert.deepEqual((await children(rows[1])).map(({ kind }) => kind), ['failure']);
    isDown = false;
    assert.deepEqual((await children(rows[1])).map(({ kind }) => kind), ['failure'], 'asked again, and still not complete');
    assert.equal(view().badge, undefined, 'unchecked is not counted as untrusted');
  });

  it('counts unsigned and untrusted images on its icon', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    face.engine.answers.set('library/busybox', verdicts.untrusted);
    face.engine.answers.set('library/debian', verdicts.verified);
    await openDockerfile('FROM alpine\nFROM busybox\nFROM debian');
    await tick(200);
    assert.deepEqual(view().badge, { value: 2, tooltip: '2 images are unsigned or untrusted' });
  });

  it('escapes what registries and Dockerfiles say', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', { ...verdicts.untrusted, signatures: [{ format: 'legacy', store: 'signature tag', manifest: digest('b'), blob: digest('c'), annotations: {}, fault: 'malformed', detail: said`[x](command:evil) $(trash)` }] });
    await openDockerfile('FROM alpine');
    const [file] = await children();
    const [image] = await children(file);
    const [, signature] = await children(image);
    assert.doesNotMatch(item(signature).tooltip?.value ?? '', /\[x\]\(|\$\(trash/);
  });

  it('opens payloads: the layer of a row, else the last blob of its manifest, and says what is none', async () => {
    trustKey();
    const face = startFace();
    const read: unknown[] = [];
    let blobs = [digest('7'), digest('8')];
    face.engine.contents = {
      ...face.engine.contents,
      read: (_repository, of) => Promise.resolve(contents({ digest: of, blobs: blobs.map((blob) => ({ digest: blob, mediaType: 'm', size: 1 })) })),
      payload: (_repository, of, layer) => {
        read.push([of, layer]);
        return Promise.resolve({ bytes: new Uint8Array(), mediaType: 'x', ...(layer === digest('9') ? {} : { text: '{"payload": true}' }) });
      },
    };
    const repository = { registry: 'ghcr.io', repository: 'team/app' };
    await answer('openPayload', [], { repository, digest: digest('a'), layer: digest('6') });
    const document = (): { uri: string; text: string } => ({ uri: window.activeTextEditor?.document.uri.toString() ?? '', text: window.activeTextEditor?.document.getText() ?? '' });
    assert.match(document().uri, /^countersign-registry:.*payload\.json$/);
    assert.equal(document().text, '{"payload": true}');
    await answer('openPayload', [], { repository, digest: digest('a') });
    assert.deepEqual(read, [[digest('a'), digest('6')], [digest('a'), digest('8')]]);
    await answer('openPayload', [], { repository, digest: digest('a'), layer: digest('9') });
    assert.match(document().text, /is no text and is not shown/);
    blobs = [];
    await answer('openPayload', [], { repository, digest: digest('a') });
    assert.match(fake.script.messages().join(), /has no payload/);
  });

  it('asks registries and signatures anew when it is refreshed', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const { asked } = withContents(face, (of) => Promise.resolve(contents({ digest: of })));
    await openDockerfile('FROM alpine:3.20');
    const open = async (): Promise<void> => {
      const [file] = await children();
      const [image] = await children(file);
      await children((await children(image)).find(({ kind }) => kind === 'manifest'));
    };
    await open();
    await open();
    assert.deepEqual([asked.length, face.engine.calls.map(({ query }) => query.fresh)], [1, [false]]);
    await answer('refreshTree', []);
    await open();
    assert.deepEqual([asked.length, face.engine.calls.map(({ query }) => query.fresh)], [2, [false, true]]);
  });

  it('leads to signatures where they lie, also in another repository', async () => {
    trustKey();
    const face = startFace();
    const [signature] = verdicts.verified.signatures;
    assert.ok(signature);
    face.engine.answers.set('library/alpine', { ...verdicts.verified, signatures: [{ ...signature, repository: 'ghcr.io/team/signatures' }, signature] });
    const read: unknown[] = [];
    const text = { bytes: new Uint8Array(), mediaType: 'x', text: '{}' };
    face.engine.contents = {
      ...face.engine.contents,
      manifest: (repository, of) => { read.push(repository, of); return Promise.resolve(text); },
      payload: (repository, of, layer) => { read.push(repository, of, layer); return Promise.resolve(text); },
    };
    await openDockerfile('FROM alpine');
    const [file] = await children();
    const [image] = await children(file);
    const [, elsewhere, beside] = await children(image);
    const [there, here] = [{ registry: 'ghcr.io', repository: 'team/signatures' }, { registry: 'index.docker.io', repository: 'library/alpine' }];
    for (const node of [elsewhere, beside]) for (const command of ['openManifest', 'openPayload']) await answer(command, [], node);
    assert.deepEqual(read, [there, digest('b'), there, digest('b'), digest('c'), here, digest('b'), here, digest('b'), digest('c')]);
  });

  it('opens manifests as documents and copies digests of rows', async () => {
    trustKey();
    const face = startFace();
    withContents(face, () => Promise.resolve(contents()));
    await answer('openManifest', [], { repository: { registry: 'ghcr.io', repository: 'team/app' }, digest: digest('a') });
    assert.match(window.activeTextEditor?.document.uri.toString() ?? '', /^countersign-registry:.*manifest\.json$/);
    assert.match(window.activeTextEditor?.document.getText() ?? '', /"a": 1/);
    await answer('openManifest', [], { repository: { registry: 'ghcr.io', repository: '../x' }, digest: digest('a') });
    await answer('openManifest', [], { digest: 'sha256:short' });
    assert.equal(fake.script.messages().length, 2);
    await answer('copyDigest', [], { digest: digest('b'), layer: digest('c') });
    assert.equal(fake.clipboard, digest('c'));
  });
});

describe('verifying all Dockerfiles', () => {
  useFace();

  const write = (path: string, text: string): void => { fake.files.set(`${folder}/${path}`, new TextEncoder().encode(text)); };

  it('asks once for each distinct image, however many files name it', async () => {
    trustKey();
    const face = startFace();
    for (let at = 0; at < 200; at++) face.engine.answers.set(`team/image${at}`, at % 2 === 0 ? verdicts.verified : verdicts.unsigned);
    for (let at = 0; at < 1000; at++) write(`service${at}/Dockerfile`, `FROM ghcr.io/team/image${at % 200}`);
    write('node_modules/x/Dockerfile', 'FROM ghcr.io/team/image0');
    write('a/Dockerfile.dockerignore', '**');
    await answer('verifyWorkspace', []);
    assert.equal(face.engine.calls.length, 200);
    assert.equal([...fake.languages.diagnostics.values()].filter((list) => list.length > 0).length, 500);
    const [message] = fake.script.messages();
    assert.match(message ?? '', /^1000 Dockerfiles, 200 distinct images\./);
    await tick(200);
    assert.equal((await children()).length, 1000);
    assert.deepEqual(view().badge, { value: 500, tooltip: '500 images are unsigned or untrusted' });
    fake.write(`${folder}/service1/Dockerfile`, 'FROM scratch');
    assert.equal((await children()).length, 999, 'a changed file is no longer what was judged');
    fake.set('user', 'countersign.keys', {});
    await settle();
    assert.equal((await children()).length, 0, 'nor is anything under other keys');
  });

  it('lets every command work on the rows of files that are not open: the file is opened for it', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('team/a', verdicts.verified);
    for (const name of ['a', 'b']) write(`${name}/Dockerfile`, '# a comment\nFROM ghcr.io/team/a');
    await answer('verifyWorkspace', []);
    const row = async (name: string): Promise<TrustNode> => {
      const file = (await children()).find(({ id }) => id.endsWith(`/${name}/Dockerfile`));
      const [image] = await children(file);
      assert.match(item(image).contextValue ?? '', /\bplace\b/);
      return image ?? assert.fail('no image');
    };
    await answer('explainTrust', [], await row('a'));
    const uri = fake.executed.findLast(({ command }) => command === 'markdown.showPreview')?.args[0] as Uri;
    assert.match(fake.contents.get(uri.scheme)?.provideTextDocumentContent(uri) ?? '', /Signed by release/);
    assert.match(window.activeTextEditor?.document.uri.path ?? '', /\/a\/Dockerfile$/);
    assert.equal(window.activeTextEditor?.selection?.start.line, 1);
    const before = face.engine.calls.length;
    await answer('verifyAgain', [], await row('b'));
    assert.match(window.activeTextEditor.document.uri.path, /\/b\/Dockerfile$/);
    assert.equal(face.engine.calls.slice(before).some(({ query }) => query.fresh), true);
  });

  it('opens nothing that the look at the workspace did not find, whoever names it', async () => {
    trustKey();
    startFace();
    write('secret/Dockerfile', 'FROM ghcr.io/team/a');
    await answer('explainTrust', [], { uri: `file://${folder.replace(' ', '%20')}/secret/Dockerfile`, range: { start: { line: 0, character: 5 }, end: { line: 0, character: 9 } } });
    assert.equal(window.activeTextEditor, undefined);
    assert.match(fake.script.messages().join(), /Open a Dockerfile first/);
  });

  it('never says that an image was looked at when it was stopped before', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('team/a', verdicts.verified);
    write('a/Dockerfile', 'FROM ghcr.io/team/a');
    write('b/Dockerfile', 'FROM ghcr.io/team/b');
    const running = answer('verifyWorkspace', []);
    for (let turn = 0; turn < 20 && face.engine.calls.length < 2; turn++) await settle();
    await settle();
    fake.progress.at(-1)?.source.cancel();
    await running;
    const [message] = fake.script.messages();
    assert.match(message ?? '', /^Stopped: 1 of 2 images/);
    const files = await children();
    const rows = await Promise.all(files.map(async (file) => told(await children(file))));
    assert.deepEqual(rows, [['ghcr.io/team/a | Signed by release'], ['ghcr.io/team/b | Not verified: cancelled']]);
  });

  it('counts a file that cannot be read as neither clean nor bad', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('team/a', verdicts.verified);
    write('a/Dockerfile', 'FROM ghcr.io/team/a');
    fake.files.set(`${folder}/b/Dockerfile`, new Uint8Array(1024 * 1024 + 1));
    await answer('verifyWorkspace', []);
    const message = fake.script.shown.find(({ kind }) => kind === 'message');
    assert.equal(message?.severity, 'warning');
    assert.match(message.text, /1 file could not be read/);
  });

  it('leaves open files to the editor, and offers keys where there is none', async () => {
    const face = startFace();
    write('Dockerfile', 'FROM alpine');
    await openDockerfile('FROM alpine');
    await answer('verifyWorkspace', [{ choose: 'Add Trusted Key' }, { escape: true }]);
    assert.equal(face.engine.calls.length, 0);
    assert.ok(fake.executed.some(({ command }) => command === 'countersign.addTrustedKey'));
    assert.equal((await children()).length, 1);
  });
});

describe('explaining trust', () => {
  useFace();

  it('draws nothing that the Dockerfile says as an icon, and bounds it', async () => {
    trustKey();
    startFace();
    await openDockerfile(`\nFROM $(verified-filled)${'x'.repeat(400)}\nFROM busybox`);
    await answer('explainTrust', [{ escape: true }]);
    const [picker] = fake.script.shown.filter(({ kind }) => kind === 'pick');
    const [first = '', second] = picker?.items.map(({ label }) => label) ?? [];
    assert.equal(second, 'busybox');
    assert.ok(first.startsWith('\\$(verified-filled)x') && first.length < 200, first);
  });

  it('opens one document about the image at the place, or the one that is chosen', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    face.engine.answers.set('library/busybox', verdicts.unsigned);
    const document = await openDockerfile('\nFROM alpine\nFROM busybox');
    await answer('explainTrust', [{ pick: 'busybox' }]);
    const shown = (): string => {
      const uri = fake.executed.findLast(({ command }) => command === 'markdown.showPreview')?.args[0] as Uri;
      assert.equal(uri.scheme, 'countersign-trust');
      return fake.contents.get(uri.scheme)?.provideTextDocumentContent(uri) ?? '';
    };
    assert.match(shown(), /Unsigned/);
    await answer('explainTrust', [], { uri: document.uri.toString(), range: { start: { line: 1, character: 5 }, end: { line: 1, character: 11 } } });
    assert.match(shown(), /Signed by release/);
  });
});
