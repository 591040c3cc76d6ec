// Everything a person can come to has a name in words: rows, lenses, fixes, choices and their buttons. Questions, messages and both status bars are looked at after every test.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrustNode } from '../../src/vscode/trustTree.ts';
import type { TrustTreeView } from '../../src/vscode/trustTreeView.ts';
import { fake, type TreeItem } from '../support/vscode.ts';
import { digest, verdicts } from './fakeEngine.ts';
import { answer, openDockerfile, screen, startFace, tick, trustKey, useFace } from './harness.ts';
import { isNamed, unnamed } from './surfaces.ts';

const images = Object.entries({ ...verdicts, pending: undefined });
const file = [...images.map(([name]) => `FROM ${name}`), 'FROM ${UNKNOWN}'].join('\n');

describe('an accessible name', () => {
  useFace();

  async function everyKind(): Promise<Awaited<ReturnType<typeof openDockerfile>>> {
    trustKey();
    const face = startFace();
    for (const [name, verdict] of images) if (verdict) face.engine.answers.set(`library/${name}`, verdict);
    face.engine.contents = {
      ...face.engine.contents,
      resolve: () => Promise.resolve(digest('a')),
      read: (_repository, of) => Promise.resolve({
        digest: of, mediaType: 'm', sizeBytes: 500, blobs: [], notRead: 3, incomplete: [],
        manifests: of === digest('1') ? [] : [{ digest: digest('1'), mediaType: 'm', sizeBytes: 2500, platform: 'linux/arm64' }, { digest: digest('1'), mediaType: 'm', sizeBytes: 2500 }],
        proofs: [{ kind: 'sbom', digest: digest('5'), mediaType: 'm', sizeBytes: 900, place: { kind: 'referrer' }, annotations: {}, layers: [{ digest: digest('6'), mediaType: '', size: 7 }] }],
      }),
    };
    const document = await openDockerfile(file);
    await tick(200);
    return document;
  }

  it('stands in every lens, beside its icon', async () => {
    const titles = screen.titles(await everyKind());
    assert.equal(titles.length, images.length + 1);
    assert.deepEqual(titles.filter((title) => !isNamed(title)), []);
  });

  it('is that of every row of the tree, and begins with what stands in the row', async () => {
    await everyKind();
    const provider = fake.trees.get('countersign.images')?.options.treeDataProvider as TrustTreeView;
    const kinds = new Set<string>();
    const look = async (node?: TrustNode): Promise<void> => {
      for (const child of await provider.getChildren(node)) {
        kinds.add(child.kind);
        const { label, accessibilityInformation, tooltip } = provider.getTreeItem(child) as unknown as TreeItem;
        const name = accessibilityInformation?.label ?? '';
        assert.ok(isNamed(name) && name.startsWith(label) && !name.includes('$('), `${child.kind}: ${label}: ${name}`);
        // A digest that is cut in the row is whole where one points at it.
        if (/sha256:[0-9a-f]{12}…/.test(`${label} ${name}`)) assert.match(tooltip?.value ?? '', /sha256:[0-9a-f]{64}/, label);
        await look(child);
      }
    };
    await look();
    for (const kind of ['file', 'image', 'policy', 'signature', 'manifest', 'proof', 'layer', 'failure', 'note']) assert.ok(kinds.has(kind), `no row of the kind ${kind} was looked at`);
  });

  it('is that of every fix', async () => {
    const fixes = await screen.fixes(await everyKind());
    assert.notEqual(fixes.length, 0);
    assert.deepEqual(fixes.filter(({ title }) => !isNamed(title) || title.startsWith('$(')), []);
  });

  it('is that of every button beside an image in the list', async () => {
    await everyKind();
    await answer('showTrust', [{ escape: true }]);
    const [list] = fake.script.shown;
    assert.ok(list?.items.some(({ buttons = [] }) => buttons.length === 4));
    assert.deepEqual(unnamed(), []);
  });

  it('is that of the status bar and the language status, which say aloud what their icons mean', async () => {
    await everyKind();
    const label = (item: unknown): unknown => (item as { accessibilityInformation?: { label?: unknown } } | undefined)?.accessibilityInformation?.label;
    for (const item of [screen.status(), screen.languageStatus('countersign.images')]) assert.match(String(label(item)), /1 untrusted, 1 unsigned, 1 could not be checked/);
  });

  it('comes with an icon that stands still, whatever a person prefers', async () => {
    const document = await everyKind();
    await answer('showTrust', [{ escape: true }]);
    const shown = JSON.stringify([screen.titles(document), [...fake.statusBar].map(({ text }) => text), fake.script.shown]);
    assert.match(shown, /\$\(sync\) Verifying…/);
    // The editor turns these even where motion is to be reduced.
    assert.doesNotMatch(shown, /~spin|\$\(loading/);
  });
});
