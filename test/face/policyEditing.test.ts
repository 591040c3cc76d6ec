import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { fake, Position, workspace, type CompletionItem } from '../support/vscode.ts';
import type { FakeDocument } from '../support/vscode/documents.ts';
import { folder, openDockerfile, run, screen, settle, startFace, tick, trustKey, useFace } from './harness.ts';

const pem = readFileSync('test/fixtures/keys/p256.pub', 'utf8').trim();
const path = `${folder}/policies/images.yaml`;
const text = `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: ours
spec:
  modes: warn
  images:
  - glob: docker.io/library/alpine
  authorities:
  - key:
      data: |
${pem.split('\n').map((line) => `        ${line}`).join('\n')}
    signatureFormat: bundle
`;

async function ready(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await settle();
}

async function open(content = text, at = path, language = 'yaml'): Promise<FakeDocument> {
  fake.write(at, content);
  const document = fake.open(at, content, language);
  fake.show(document);
  await ready();
  return document;
}

async function fix(document: FakeDocument, title: string): Promise<void> {
  const action = (await screen.fixes(document)).find((candidate) => candidate.title === title);
  assert.ok(action?.edit, `${title} is not among ${(await screen.fixes(document)).map((candidate) => candidate.title).join(', ')}`);
  await workspace.applyEdit(action.edit);
  await tick(300);
  await ready();
}

async function completions(document: FakeDocument, line: number, character: number): Promise<readonly CompletionItem[]> {
  const lists = await Promise.all([...fake.languages.completions].map((provider) => provider.provideCompletionItems(document, new Position(line, character), undefined)));
  return lists.flat();
}

describe('a policy file in the editor', () => {
  useFace();

  it('shows what is wrong where it is wrong, and mends it', async () => {
    startFace();
    const document = await open();
    const lineOf = (words: string): number => text.split('\n').findIndex((line) => line.includes(words));
    assert.deepEqual(screen.diagnostics(document).map(({ range: { start }, severity }) => [start.line, start.character, severity]),
      [[lineOf('modes'), 2, 0], [lineOf('docker.io'), 10, 1], [lineOf('- key'), 4, 2], [lineOf('bundle'), 21, 1]]);
    assert.deepEqual(screen.codes(document), ['unknown-field', 'glob-docker-hub', 'not-checked', 'bundle-with-key']);
    await fix(document, 'Rename to "mode"');
    await fix(document, 'Replace with "index.docker.io/library/alpine*"');
    await fix(document, 'Use the Legacy Format');
    assert.deepEqual(screen.codes(document), []);
    assert.ok(document.getText().includes('  mode: warn\n') && document.getText().includes('- glob: "index.docker.io/library/alpine*"') && document.getText().includes('signatureFormat: legacy'));
  });

  it('leads from each code to what is said about it', async () => {
    startFace();
    const document = await open();
    for (const { code } of screen.diagnostics(document)) {
      assert.ok(typeof code === 'object');
      assert.deepEqual([code.target.path.endsWith('/docs/policy-problems.md'), code.target.fragment], [true, code.value]);
    }
  });

  it('that cannot be read at all says so with a code of its own', async () => {
    const { engine } = startFace();
    engine.readPolicyFile = () => Promise.reject(new Error('boom'));
    const document = await open();
    const [diagnostic, ...more] = screen.diagnostics(document);
    assert.ok(diagnostic && typeof diagnostic.code === 'object' && more.length === 0);
    assert.deepEqual([diagnostic.code.value, diagnostic.code.target.path.endsWith('/docs/codes/INTERNAL.md')], ['INTERNAL', true]);
  });

  for (const [what, at, content, code] of [
    ['a policy of podman without a default', `${folder}/policy.json`, '{"transports": {}}', 'containers-missing-default'],
    ['a policy of podman that is empty', `${folder}/policy.json`, '{}', 'containers-missing-default'],
    ['a policy of podman in capital letters', `${folder}/policy.json`, '{"Default": [{"type": "reject"}]}', 'containers-unknown-field'],
  ] as const) {
    it(`may be ${what}`, async () => {
      startFace();
      const document = await open(content, at, 'json');
      assert.ok(screen.codes(document).includes(code), screen.codes(document).join());
    });
  }

  it('is whatever the settings name, whichever name and group it has', async () => {
    fake.configuration.workspace['countersign.policyFiles'] = ['trust/*.json', 'trust/a.yaml'];
    const wrongGroup = text.replace('policy.sigstore.dev', 'policies.sigstore.dev');
    fake.write(`${folder}/trust/a.yaml`, wrongGroup);
    startFace();
    const podman = await open('{"Default": []}', `${folder}/trust/mine.json`, 'json');
    const cluster = await open(wrongGroup, `${folder}/trust/a.yaml`);
    for (let turn = 0; turn < 40; turn++) await settle();
    assert.ok(screen.codes(podman).includes('containers-unknown-field'), screen.codes(podman).join());
    assert.deepEqual(screen.codes(cluster), ['unknown-version']);
  });

  it('is not the policy of another program', async () => {
    const { engine } = startFace();
    await open('{"Version": "2012-10-17", "Statement": []}', `${folder}/policy.json`, 'json');
    assert.deepEqual(engine.policyReads, []);
  });

  it('is read again when typing pauses, and offers no fix of an older text', async () => {
    const { engine } = startFace();
    const document = await open();
    fake.edit(document, `# one more line\n${text}`);
    await settle();
    assert.deepEqual([engine.policyReads.length, await screen.fixes(document)], [1, []]);
    await tick(300);
    await ready();
    assert.equal(engine.policyReads.length, 2);
    assert.equal(screen.diagnostics(document)[0]?.range.start.line, 6);
  });

  it('loses what was drawn when it is closed, or holds no policy any more', async () => {
    startFace();
    const document = await open();
    fake.edit(document, 'kind: Pod\n');
    await tick(300);
    await ready();
    assert.deepEqual(screen.diagnostics(document), []);
    fake.edit(document, text);
    await tick(300);
    await ready();
    assert.equal(screen.diagnostics(document).length, 4);
    fake.close(document);
    assert.deepEqual(screen.diagnostics(document), []);
  });

  it('is used by one click, and says so', async () => {
    const { engine } = startFace();
    trustKey();
    const document = await open(text.replace('modes', 'mode'));
    await openDockerfile('FROM alpine\n');
    assert.deepEqual(screen.titles(document), ['Use this policy in this folder']);
    await run('usePolicyFile', screen.lenses(document)[0]?.command?.arguments?.[0]);
    await ready();
    assert.deepEqual(fake.configuration.workspace['countersign.policyFiles'], ['policies/images.yaml']);
    assert.deepEqual(screen.titles(document), ['Used by Countersign in this folder']);
    assert.equal(engine.calls.at(-1)?.query.trust.files?.length, 1);
    await run('usePolicyFile', document.uri.toString());
    assert.deepEqual(fake.configuration.workspace['countersign.policyFiles'], ['policies/images.yaml']);
  });

  it('keeps the files of the user when the folder gets a list of its own', async () => {
    fake.configuration.user['countersign.policyFiles'] = ['~/b.yaml', 'containers'];
    startFace();
    const document = await open(text.replace('modes', 'mode'));
    await run('usePolicyFile', document.uri.toString());
    assert.deepEqual(fake.configuration.workspace['countersign.policyFiles'], ['~/b.yaml', 'containers', 'policies/images.yaml']);
  });

  it('keeps what the folder has where the folder is not trusted', async () => {
    workspace.isTrusted = false;
    fake.configuration.workspace['countersign.policyFiles'] = ['a.yaml'];
    startFace();
    const document = await open(text.replace('modes', 'mode'));
    await run('usePolicyFile', document.uri.toString());
    assert.deepEqual(fake.configuration.workspace['countersign.policyFiles'], ['a.yaml', 'policies/images.yaml']);
  });

  it('is asked for from the palette where the file in front is none, and nothing is written', async () => {
    trustKey();
    startFace();
    const dockerfile = await openDockerfile('FROM alpine\n');
    await run('usePolicyFile');
    assert.deepEqual(fake.script.messages(), ['Open a policy file first.']);
    assert.equal(fake.configuration.workspace['countersign.policyFiles'], undefined);
    fake.close(dockerfile);
  });

  it('offers the keys there are where a key belongs', async () => {
    fake.configuration.user['countersign.keys'] = { release: '/keys/release.pub', broken: 'garbage' };
    fake.write(`${folder}/keys/team.pub`, pem);
    startFace();
    const document = await open(text.replace(/ {6}data: \|\n(?: {8}.*\n)+/, '      \n      data: \n'));
    const line = document.getText().split('\n').findIndex((one) => one.trim() === '- key:') + 1;
    const labels = (items: readonly CompletionItem[]): readonly string[] => items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.deepEqual(labels(await completions(document, line, 6)), ['data: release', 'data: keys/team.pub', 'secretRef']);
    const behind = await completions(document, line + 1, 12);
    assert.deepEqual(labels(behind), ['release', 'keys/team.pub']);
    assert.equal(behind[0]?.insertText, '|\n        PEM');
    for (const opened of ['|', '|-']) {
      fake.edit(document, document.getText().replace(/data: .*\n/, `data: ${opened}\n`));
      const [item] = await completions(document, line + 1, 12 + opened.length);
      assert.deepEqual([item?.insertText, item?.filterText], ['\n        PEM', 'release'], opened);
    }
    assert.deepEqual(await completions(document, 1, 6), []);
  });

  describe('with a key that does not parse', () => {
    const key = (data: string, rest = ''): string => `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: ours }\nspec:\n  images: [{ glob: "**" }]\n  authorities:\n  - key:\n      data: ${data}\n${rest}`;
    const block = (...lines: readonly string[]): string => `|\n${lines.map((line) => `        ${line}`).join('\n')}`;
    const trust = (): void => {
      fake.configuration.user['countersign.keys'] = { release: '/keys/release.pub', text: pem };
    };
    const podman = (requirement: object): string => JSON.stringify({ default: [{ type: 'sigstoreSigned', signedIdentity: { type: 'matchRepository' }, ...requirement }] }, null, 2);
    const attachments = { uri: 'file:///r.yaml', text: 'default-docker: { use-sigstore-attachments: true }' };
    const other = readFileSync('test/fixtures/keys/p384.pub', 'utf8').trim();
    const privatePem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----';

    for (const [what, content, code] of [
      ['a text that is no key', key(block('garbage')), 'invalid-key'],
      ['a text in quotes, before another field', key('"garbage"', '      hashAlgorithm: sha256\n'), 'invalid-key'],
      ['a block before another field', key(block('garbage'), '      hashAlgorithm: sha256\n'), 'invalid-key'],
      ['a folded block', key('>-\n        garbage\n        more'), 'invalid-key'],
      ['a private key', key(block(...privatePem.split('\n'))), 'private-key'],
      ['a certificate', key(JSON.stringify('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')), 'certificate'],
      ['JSON', '{"apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": {"name": "ours"}, "spec": {"images": [{"glob": "**"}], "authorities": [{"key": {"data": "garbage"}}]}}', 'invalid-key'],
    ] as const) {
      it(`takes a trusted key in the place of ${what}`, async () => {
        trust();
        const { engine } = startFace();
        engine.describe = () => [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:fingerprint', pem: `${pem}\n` }];
        const document = await open(content);
        assert.deepEqual(screen.codes(document), [code]);
        await fix(document, 'Replace with trusted key "release"');
        assert.deepEqual(screen.codes(document), [], document.getText());
        assert.ok(document.getText().includes(pem.split('\n')[1] ?? ''));
      });
    }

    for (const [what, requirement, code] of [
      ['base64 of no key', { keyData: 'AAAA' }, 'containers-key-unusable'],
      ['no base64', { keyData: 'garbage!' }, 'containers-base64-invalid'],
      ['one key of several', { keyDatas: [Buffer.from(pem).toString('base64'), 'AAAA'] }, 'containers-key-unusable'],
      ['a file that is not there', { keyPath: '/keys/gone.pub' }, 'containers-key-unusable'],
      ['one of several files that is not there', { keyPaths: ['/keys/release.pub', 'gone.pub'] }, 'containers-key-unusable'],
      ['a file that is no key', { keyPath: '../garbage.pub' }, 'containers-key-unusable'],
      ['what is no path', { keyPath: pem }, 'containers-key-unusable'],
    ] as const) {
      it(`takes a trusted key in a policy of podman in the place of ${what}`, async () => {
        trust();
        fake.write('/keys/release.pub', pem);
        fake.write(`${folder}/garbage.pub`, 'garbage');
        const { engine } = startFace();
        engine.registriesD = [attachments];
        engine.describe = () => [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:fingerprint', pem }];
        const document = await open(podman(requirement), `${folder}/policies/policy.json`, 'json');
        assert.deepEqual(screen.codes(document), [code]);
        // A key that is in no file has no path.
        assert.equal((await screen.fixes(document)).length, 'keyPath' in requirement || 'keyPaths' in requirement ? 1 : 2);
        await fix(document, 'Replace with trusted key "release"');
        assert.deepEqual(screen.codes(document), [], document.getText());
      });
    }

    it('encodes a PEM text that stands in a policy of podman as it is', async () => {
      const { engine } = startFace();
      engine.registriesD = [attachments];
      const document = await open(podman({ keyData: pem }), `${folder}/policy.json`, 'json');
      await fix(document, 'Encode as Base64');
      assert.deepEqual([screen.codes(document), document.getText()], [[], podman({ keyData: Buffer.from(pem).toString('base64') })]);
    });

    it('looks at no key outside a workspace that is not trusted', async () => {
      workspace.isTrusted = false;
      const { engine } = startFace();
      engine.registriesD = [attachments];
      const document = await open(podman({ keyPaths: ['/etc/gone.pub', '../../gone.pub', 'gone.pub'] }), `${folder}/policies/policy.json`, 'json');
      assert.deepEqual([engine.keyReads, screen.codes(document)], [['gone.pub'], ['containers-key-unusable']]);
    });

    it('notices that the file of a key has come when the policy is shown again', async () => {
      const { engine } = startFace();
      engine.registriesD = [attachments];
      const document = await open(podman({ keyPath: '/keys/late.pub' }), `${folder}/policy.json`, 'json');
      assert.deepEqual(screen.codes(document), ['containers-key-unusable']);
      fake.write('/keys/late.pub', pem);
      fake.show(document);
      await ready();
      assert.deepEqual(screen.codes(document), []);
    });

    for (const [what, content] of [
      ['in blocks', `${key(block(...pem.split('\n'), ...other.split('\n')), '    name: team\n')}  - static: { action: fail }\n`],
      ['at the end of the file', key(block(...pem.split('\n'), ...other.split('\n')))],
      ['in braces', `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: ours }\nspec: { images: [{ glob: "**" }], authorities: [{ name: team, key: { data: ${JSON.stringify(`${pem}\n${other}`)} } }, { static: { action: fail } }] }\n`],
    ] as const) {
      it(`writes an authority for each of several keys ${what}, or keeps the first`, async () => {
        const { engine } = startFace();
        const document = await open(content);
        assert.deepEqual(screen.codes(document), ['several-keys']);
        await fix(document, 'Write an Authority for Each Key');
        const split = document.getText();
        assert.deepEqual(screen.codes(document), [], split);
        const { file } = await engine.readPolicyFile(path, new TextEncoder().encode(split));
        const [demand] = file.demandsFor(parseReference('ghcr.io/o/app'));
        const rules = demand?.rule.kind === 'any' ? demand.rule.rules : [];
        assert.deepEqual(rules.flatMap((rule) => (rule.kind === 'signers' ? rule.keys.map(({ reference }) => reference.trim()) : [])), [pem, other], split);
        if (content.includes('team')) assert.ok(split.includes('"team-2"'));
        fake.edit(document, content);
        await tick(300);
        await ready();
        await fix(document, 'Keep the First Key');
        assert.deepEqual([screen.codes(document), document.getText().includes('team-2')], [[], false], document.getText());
      });
    }
  });

  it('names addresses where names are meant', async () => {
    const { engine } = startFace();
    engine.registriesD = [{ uri: 'file:///r.yaml', text: 'default-docker: { use-sigstore-attachments: true }' }];
    const cluster = await open(text.replace('modes', 'mode').replace('docker.io/library/alpine', 'https://ghcr.io/org/app').replace('bundle', 'legacy'));
    assert.deepEqual(screen.codes(cluster), ['glob-never']);
    await fix(cluster, 'Replace with "ghcr.io/org/app*"');
    assert.deepEqual(screen.codes(cluster), []);
    const remap = { type: 'remapIdentity', prefix: 'https://mirror.example/*', signedPrefix: 'example.com/Org/' };
    const podman = await open(JSON.stringify({ default: [{ type: 'sigstoreSigned', keyData: Buffer.from(pem).toString('base64'), signedIdentity: remap }] }), `${folder}/policy.json`, 'json');
    await fix(podman, 'Replace with "mirror.example"');
    await fix(podman, 'Replace with "example.com/org"');
    assert.ok(!screen.codes(podman).includes('containers-invalid-name') && podman.getText().includes('"prefix":"mirror.example","signedPrefix":"example.com/org"'), podman.getText());
  });

  for (const [what, at, content, written] of [
    ['keyData', 'policy.json', '{"default": [{"type": "sigstoreSigned", "keyData": ¦}]}', '"keyData": "UEVN"'],
    ['keyData in quotes', 'policy.json', '{"default": [{"type": "sigstoreSigned", "keyData": "re¦"}]}', '"keyData": "UEVN"'],
    ['keyDatas', 'policy.json', '{"default": [{"type": "sigstoreSigned", "keyDatas": ["¦"]}]}', '"keyDatas": ["UEVN"]'],
    ['keyPath', 'policy.json', '{"default": [{"type": "sigstoreSigned", "keyPath": "¦"}]}', '"keyPath": "/keys/release.pub"'],
    ['keyPaths', 'policy.json', '{"default": [{"type": "sigstoreSigned", "keyPaths": ["/a", "¦"]}]}', '"keyPaths": ["/a", "/keys/release.pub"]'],
    ['data in a ClusterImagePolicy', 'images.json', '{"apiVersion": "policy.sigstore.dev/v1beta1", "spec": {"authorities": [{"key": {"data": "¦"}}]}}', '"data": "PEM"'],
  ] as const) {
    it(`in JSON offers keys for ${what}`, async () => {
      fake.configuration.user['countersign.keys'] = { release: '/keys/release.pub', broken: 'garbage' };
      startFace();
      const document = await open(content.replace('¦', ''), `${folder}/${at}`, 'json');
      const [item, ...others] = await completions(document, 0, content.indexOf('¦'));
      assert.ok(item?.range && typeof item.insertText === 'string');
      const { start, end } = item.range;
      const line = document.getText();
      const now = line.slice(0, start.character) + item.insertText + line.slice(end.character);
      assert.ok(now.includes(written), now);
      assert.deepEqual([JSON.parse(now) !== undefined, item.filterText, others.length], [true, '"release"', 0]);
      assert.deepEqual(await completions(document, 0, 3), []);
    });
  }

  it('is left alone when it is another file', async () => {
    const { engine } = startFace();
    await open('kind: Pod\n');
    await open('const a = "policy.sigstore.dev/v1beta1";\n', `${folder}/a.ts`, 'typescript');
    await open(text, 'git:/old/images.yaml');
    assert.deepEqual([engine.policyReads, fake.languages.completions.size], [[], 0]);
  });
});
