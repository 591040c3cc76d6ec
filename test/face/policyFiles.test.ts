import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, mock } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { demandsFor } from '../../src/core/policy/requirements.ts';
import type { TrustSettings } from '../../src/core/policy/trustPolicy.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { fake, workspace } from '../support/vscode.ts';
import { verdicts } from './fakeEngine.ts';
import { folder, home, openDockerfile, screen, settle, startFace, trustKey, useFace } from './harness.ts';

const pem = readFileSync('test/fixtures/keys/p256.pub', 'utf8').trim();
const policy = (name: string, glob = '**', authority = `key: { data: ${JSON.stringify(pem)} }`): string =>
  `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: ${name} }\nspec:\n  images: [{ glob: "${glob}" }]\n  authorities: [{ ${authority} }]\n`;
const write = (path: string, text: string): void => { fake.write(path, text); };
const use = (...entries: readonly unknown[]): void => { fake.configuration.workspace['countersign.policyFiles'] = entries; };

/** Long enough for the readers to be loaded on a busy machine. */
async function ready(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await settle();
}

async function asked(text = 'FROM alpine\n'): Promise<TrustSettings> {
  const { engine, tracker } = startFace();
  const { uri } = await openDockerfile(text);
  await ready();
  const trust = engine.calls.at(-1)?.query.trust ?? tracker.get(uri as never)?.settings.trust;
  assert.ok(trust);
  return trust;
}

const demanded = (trust: TrustSettings, image = 'alpine'): readonly string[] => demandsFor(parseReference(image), trust).map((demand) => `${demand.policy}${demand.demandsOnly === true ? ' (only demands)' : ''}`);

describe('policy files', () => {
  useFace();

  it('are asked of every image, without any key in the settings', async () => {
    write(`${folder}/policies/a.yaml`, policy('a'));
    write(`${folder}/policies/b.yaml`, `${policy('b')}---\n${policy('hub', 'index.docker.io/library/*')}`);
    write(`${folder}/policies/other.yaml`, 'kind: Pod\n');
    use('policies/*.yaml');
    const trust = await asked();
    assert.deepEqual([demanded(trust), demanded(trust, 'ghcr.io/o/app')], [['a', 'b', 'hub'], ['a', 'b']]);
    assert.deepEqual(trust.problems, []);
  });

  it('are found from the folder, from the home directory and by whole path, each counted once', async () => {
    write(`${folder}/a.yaml`, policy('a'));
    write(`${home}/b.yaml`, policy('b'));
    write('/etc/c.yaml', policy('c'));
    write(`${home}/deep/er/d.yaml`, policy('d'));
    use('a.yaml', '~/b.yaml', '/etc/c.yaml', `${folder}/*.yaml`, './a.yaml', '~/deep/**/*.yaml');
    assert.deepEqual(demanded(await asked()), ['a', 'b', 'c', 'd']);
  });

  it('may be the policy of podman, by its file or by the word for the one of this machine', async () => {
    write(`${folder}/policies/policy.json`, '{"default": [{"type": "reject"}], "transports": {"docker": {"docker.io/library": [{"type": "insecureAcceptAnything"}]}}}');
    write('/etc/containers/policy.json', '{"default": [{"type": "insecureAcceptAnything"}]}');
    use('policies/*.json', 'containers');
    const { engine } = startFace();
    engine.containersPolicy = 'file:///etc/containers/policy.json';
    await openDockerfile('FROM alpine\n');
    // Both files are read, and the engine that finds the machine's is loaded, before anything is asked.
    for (let turn = 0; turn < 100 && engine.calls.length === 0; turn++) await settle();
    const trust = engine.calls.at(-1)?.query.trust;
    assert.ok(trust);
    assert.deepEqual([demanded(trust), demanded(trust, 'ghcr.io/o/app')], [['docker.io/library', 'default'], ['default', 'default']]);
    assert.deepEqual(trust.problems, []);
  });

  it('leave images unchecked where the machine has no policy', async () => {
    use('containers');
    assert.deepEqual((await asked()).problems.map(({ code }) => code), ['POLICY_INVALID']);
  });

  it('leave images unchecked where podman would not read them', async () => {
    write(`${folder}/policy.json`, '{"default": [{"type": "reject"}],}');
    use('policy.json');
    const [problem] = (await asked()).problems;
    assert.ok(problem?.code === 'POLICY_INVALID' && problem.message.includes('line 1'), problem?.message);
  });

  it('are asked anew when a key that one of them names changes', async () => {
    write(`${folder}/policy.json`, JSON.stringify({ default: [{ type: 'sigstoreSigned', keyPath: 'keys/a.pub', signedIdentity: { type: 'matchRepository' } }] }));
    use('policy.json');
    const { engine } = startFace();
    await openDockerfile('FROM alpine\n');
    await ready();
    const before = engine.calls.length;
    write(`${folder}/keys/a.pub`, pem);
    await ready();
    assert.equal(engine.calls.length, before + 1);
  });

  it('are found when the machine gets a policy of its own', async () => {
    use('containers');
    const { engine } = startFace();
    await openDockerfile('FROM alpine\n');
    await ready();
    assert.equal(engine.calls.length, 0);
    engine.containersPolicy = 'file:///home/ada/.config/containers/policy.json';
    write('/home/ada/.config/containers/policy.json', '{"default": [{"type": "reject"}]}');
    await ready();
    assert.deepEqual(demanded(engine.calls.at(-1)?.query.trust as TrustSettings), ['default']);
  });

  it('cost nothing where there are none', async () => {
    trustKey();
    const { engine } = startFace();
    await openDockerfile('FROM alpine\n');
    await ready();
    assert.deepEqual(engine.policyReads, []);
    assert.deepEqual(engine.calls[0]?.query.trust.files, undefined);
  });

  it('are read once for all documents of a folder', async () => {
    write(`${folder}/a.yaml`, policy('a'));
    use('a.yaml');
    const { engine } = startFace();
    await openDockerfile('FROM alpine\n');
    await openDockerfile('FROM debian\n', `${folder}/b/Dockerfile`);
    await ready();
    assert.equal(engine.policyReads.length, 1);
    assert.deepEqual(engine.calls.map(({ image }) => image).sort(), ['library/alpine', 'library/debian']);
  });

  it('let nothing be verified before they are read', async () => {
    trustKey();
    write(`${folder}/a.yaml`, policy('a'));
    use('a.yaml');
    const { engine, tracker } = startFace();
    let answer = (): void => undefined;
    const real = engine.readPolicyFile.bind(engine);
    engine.readPolicyFile = async (uri, bytes) => {
      await new Promise<void>((resolve) => { answer = resolve; });
      return real(uri, bytes);
    };
    const document = await openDockerfile('FROM alpine\n');
    await ready();
    const state = tracker.get(document.uri as never);
    assert.deepEqual([engine.calls.length, state?.uses[0]?.state.kind], [0, 'pending']);
    assert.deepEqual(state?.settings.trust.problems.map(({ code }) => code), ['POLICY_INVALID'], 'whoever does not wait must not verify');
    answer();
    await ready();
    assert.equal(engine.calls.length, 1);
  });

  it('that change are asked anew', async () => {
    write(`${folder}/a.yaml`, policy('a'));
    use('a.yaml');
    const { engine, tracker } = startFace();
    engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine\n');
    await ready();
    assert.equal(tracker.get(document.uri as never)?.uses[0]?.state.kind, 'verified');
    engine.answers.set('library/alpine', verdicts.untrusted);
    fake.write(`${folder}/a.yaml`, policy('other'));
    await ready();
    assert.deepEqual(demanded(engine.calls.at(-1)?.query.trust as TrustSettings), ['other']);
    assert.equal(tracker.get(document.uri as never)?.uses[0]?.state.kind, 'untrusted');
  });

  it('give no verdict to the files that are named after them, not even to those that were read before', async () => {
    write(`${folder}/a.yaml`, policy('a'));
    write(`${folder}/b.yaml`, policy('b'));
    const { engine, tracker } = startFace();
    const document = await openDockerfile('FROM alpine\n');
    const turnTo = async (file: string, verdict: Verdict): Promise<string | undefined> => {
      engine.answers.set('library/alpine', verdict);
      fake.set('workspace', 'countersign.policyFiles', [file]);
      await ready();
      assert.deepEqual(demanded(engine.calls.at(-1)?.query.trust as TrustSettings), [file.slice(0, 1)]);
      return tracker.get(document.uri as never)?.uses[0]?.state.kind;
    };
    assert.equal(await turnTo('a.yaml', verdicts.untrusted), 'untrusted');
    assert.equal(await turnTo('b.yaml', verdicts.verified), 'verified');
    assert.equal(await turnTo('a.yaml', verdicts.untrusted), 'untrusted');
    assert.equal(await turnTo('b.yaml', verdicts.verified), 'verified');
  });

  const broken: readonly (readonly [string, () => void])[] = [
    ['is not there', () => { use('missing.yaml'); }],
    ['matches nothing', () => { use('missing/*.yaml'); }],
    ['holds no policy', () => { write(`${folder}/a.yaml`, 'kind: Pod\n'); use('a.yaml'); }],
    ['has a mistake', () => { write(`${folder}/a.yaml`, policy('a', '[')); use('a.yaml'); }],
    ['has a mistake beside good ones', () => { write(`${folder}/a.yaml`, `${policy('a')}---\n${policy('b', '[')}`); use('*.yaml'); }],
    ['is no text', () => { fake.files.set(`${folder}/a.yaml`, Uint8Array.of(255, 254)); use('a.yaml'); }],
    ['is too large', () => { fake.files.set(`${folder}/a.yaml`, new Uint8Array(1024 * 1024 + 1)); use('a.yaml'); }],
    ['is no name', () => { use('a.yaml', 1); }],
    ['is a policy of podman with a member too many, found by a pattern', () => { write(`${folder}/p/a.json`, '{"apiVersion": "v1", "default": [{"type": "reject"}]}'); use('p/*.json'); }],
    ['is a policy of podman with a capital letter, found by a pattern', () => { write(`${folder}/p/a.json`, '{"Default": [{"type": "reject"}]}'); use('p/*.json'); }],
    ['is one of too many', () => { write(`${folder}/a.yaml`, policy('a')); use(...Array.from({ length: 101 }, () => 'a.yaml')); }],
    ['is not a list', () => { fake.configuration.workspace['countersign.policyFiles'] = 'a.yaml'; }],
  ];
  for (const [what, arrange] of broken) {
    it(`leave everything unchecked when one ${what}`, async () => {
      trustKey();
      arrange();
      const { engine, tracker } = startFace();
      const document = await openDockerfile('FROM alpine\n');
      await ready();
      const state = tracker.get(document.uri as never)?.uses[0]?.state;
      assert.deepEqual([engine.calls.length, state?.kind === 'unchecked' && state.reason.code], [0, 'POLICY_INVALID']);
    });
  }

  it('lead to the line of a mistake', async () => {
    trustKey();
    write(`${folder}/a.yaml`, policy('a', '['));
    use('a.yaml');
    startFace();
    const document = await openDockerfile('FROM alpine\n');
    await ready();
    const location = screen.diagnostics(document)[0]?.relatedInformation?.[0]?.location;
    assert.deepEqual([location?.uri.path, location?.range.start.line], [`${folder}/a.yaml`, 4]);
  });

  it('say the line of a mistake', async () => {
    write(`${folder}/a.yaml`, policy('a', '['));
    use('a.yaml');
    const { problems } = await asked();
    assert.match(problems[0]?.message ?? '', /"a\.yaml" has a mistake in line 5: "\[" is not a glob/);
  });

  it('of the most specific list count', async () => {
    write(`${folder}/a.yaml`, policy('a'));
    write(`${home}/b.yaml`, policy('b'));
    fake.configuration.user['countersign.policyFiles'] = ['~/b.yaml'];
    use('a.yaml');
    assert.deepEqual(demanded(await asked()), ['a']);
  });
});

describe('policy files in Restricted Mode', () => {
  useFace();

  it('of the workspace are asked on top of what the user asks', async () => {
    workspace.isTrusted = false;
    trustKey();
    write(`${folder}/a.yaml`, policy('a'));
    write(`${home}/b.yaml`, policy('b'));
    fake.configuration.user['countersign.policyFiles'] = ['~/b.yaml'];
    use('a.yaml');
    assert.deepEqual(demanded(await asked()), ['b', 'a (only demands)']);
  });

  it('leave "every key" as it would be without them', async () => {
    workspace.isTrusted = false;
    trustKey();
    write(`${folder}/a.yaml`, policy('a'));
    use('a.yaml');
    assert.deepEqual(demanded(await asked()), ['all keys', 'a (only demands)']);
  });

  it('that lie in the workspace only demand, also when the user names them', async () => {
    workspace.isTrusted = false;
    trustKey();
    write(`${folder}/a.yaml`, policy('a'));
    fake.configuration.user['countersign.policyFiles'] = ['a.yaml', `${folder}/*.yaml`];
    assert.deepEqual(demanded(await asked()), ['all keys', 'a (only demands)']);
  });

  it('ask nothing of a user without keys', async () => {
    workspace.isTrusted = false;
    write(`${folder}/a.yaml`, policy('a'));
    use('a.yaml');
    const { engine } = startFace();
    await openDockerfile('FROM alpine\n');
    await ready();
    assert.equal(engine.calls.length, 0);
  });

  for (const entry of ['/etc/c.yaml', '/etc/*.yaml', '~/b.yaml', '~/**/*.yaml', '../b.yaml', '../**', `${folder}/../b.yaml`, 'x/../../b.yaml', '*/../../b.yaml', 'containers', '\\\\server\\share\\a.yaml']) {
    it(`named by the workspace as ${entry} are not read, and nothing is verified meanwhile`, async () => {
      workspace.isTrusted = false;
      trustKey();
      for (const path of ['/etc/c.yaml', `${home}/b.yaml`, '/work space/b.yaml', `${folder}/x/a.txt`, '/server/share/a.yaml']) write(path, policy('outside'));
      use(entry);
      const reads = mock.method(workspace.fs, 'readFile');
      const [own, added, ...more] = demandsFor(parseReference('alpine'), await asked());
      assert.deepEqual([own?.policy, added?.rule.kind, added?.demandsOnly, more], ['all keys', 'unsupported', true, []]);
      assert.deepEqual(reads.mock.calls.map(({ arguments: [uri] }) => uri.path), []);
      reads.mock.restore();
    });
  }

  for (const [what, keyPath, kind] of [['outside', '/etc/key.pub', 'unsupported'], ['above', '../key.pub', 'unsupported'], ['on another machine', '\\\\server\\share\\key.pub', 'unsupported'], ['inside', 'keys/a.pub', 'signers']] as const) {
    it(`read a key ${what} only when it lies in the workspace`, async () => {
      workspace.isTrusted = false;
      trustKey();
      write(`${folder}/policy.json`, JSON.stringify({ default: [{ type: 'sigstoreSigned', keyPath, signedIdentity: { type: 'matchRepository' } }] }));
      use('policy.json');
      const { engine } = startFace();
      engine.registriesD = [{ uri: 'file:///a.yaml', text: 'default-docker: { use-sigstore-attachments: true }' }];
      await openDockerfile('FROM alpine\n');
      await ready();
      const [, mine] = demandsFor(parseReference('alpine'), engine.calls.at(-1)?.query.trust as TrustSettings);
      assert.equal(mine?.rule.kind, kind);
    });
  }

  it('reach for no cluster', async () => {
    workspace.isTrusted = false;
    trustKey();
    write(`${folder}/a.yaml`, policy('a', '**', 'key: { secretRef: { name: k } }'));
    use('a.yaml');
    const [, mine] = demandsFor(parseReference('alpine'), await asked());
    assert.equal(mine?.rule.kind === 'unsupported' && mine.rule.error.code, 'KEY_REFUSED_UNTRUSTED_WORKSPACE');
  });

  for (const [what, text, named] of [
    ['has a mistake', 'apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: x }\nspec: { oops: 1 }\n', ['a.yaml']],
    ['is not there', undefined, ['a.yaml']],
    ['is a setting that is no list', undefined, 'a.yaml'],
    ['is one of too many', undefined, Array.from({ length: 101 }, () => 'a.yaml')],
  ] as const) {
    it(`hide nothing of what the user asks where one ${what}`, async () => {
      workspace.isTrusted = false;
      trustKey();
      if (text !== undefined) write(`${folder}/a.yaml`, text);
      fake.configuration.workspace['countersign.policyFiles'] = named;
      const trust = await asked();
      const [own, added] = demandsFor(parseReference('alpine'), trust);
      assert.deepEqual([trust.problems, own?.policy, own?.demandsOnly], [[], 'all keys', undefined]);
      // Nothing is verified while it is not known what the file asks for.
      if (typeof named !== 'string') assert.deepEqual([added?.rule.kind, added?.demandsOnly], ['unsupported', true]);
    });
  }

  it('count like all others once the folder is trusted', async () => {
    workspace.isTrusted = false;
    trustKey();
    write(`${folder}/a.yaml`, policy('a'));
    use('a.yaml');
    const { engine } = startFace();
    await openDockerfile('FROM alpine\n');
    await ready();
    fake.grantTrust();
    await ready();
    assert.deepEqual(demanded(engine.calls.at(-1)?.query.trust as TrustSettings), ['a']);
  });
});
