// Restricted Mode: what a hostile workspace writes about policies may add demands, and changes nothing else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { demandsFor, everyKey } from '../../src/core/policy/requirements.ts';
import type { TrustSettings } from '../../src/core/policy/trustPolicy.ts';
import { fake, Uri, workspace } from '../support/vscode.ts';
import { openDockerfile, screen, settle, startFace, trustOf, useFace } from './harness.ts';

const images = ['ghcr.io/o/app:1', 'ghcr.io/o/app@sha256:' + 'a'.repeat(64), 'alpine', 'localhost:5000/x/y'];
const keys = { release: '/keys/release.pub', team: '/keys/team.pub' };
const own = [{ name: 'own', images: ['ghcr.io/**'], keys: ['release', 'team'], require: 2, severity: 'error' }];

interface Asked { readonly policy: string; readonly demandsOnly?: boolean; readonly rule: { readonly keys?: readonly { readonly reference: string }[] } }
const demandsOf = (trust: TrustSettings, image: string): readonly Asked[] => demandsFor(parseReference(image), trust) as readonly Asked[];

async function trustIn(policies: { readonly user?: unknown; readonly workspace?: unknown; readonly folder?: unknown }, workspaceKeys?: unknown): Promise<{ trust: TrustSettings; ignored: readonly string[] }> {
  fake.configuration.user['countersign.keys'] = keys;
  if (policies.user !== undefined) fake.configuration.user['countersign.policies'] = policies.user;
  if (policies.workspace !== undefined) fake.configuration.workspace['countersign.policies'] = policies.workspace;
  if (workspaceKeys !== undefined) fake.configuration.workspace['countersign.keys'] = workspaceKeys;
  if (policies.folder !== undefined) {
    workspace.workspaceFile = Uri.file('/work space/x.code-workspace');
    fake.configuration.folder['countersign.policies'] = policies.folder;
  }
  const face = startFace();
  const { settings } = trustOf(face, await openDockerfile('FROM alpine'));
  return { trust: settings.trust, ignored: settings.ignored };
}

describe('policies of a workspace that is not trusted', () => {
  useFace();

  const hostile: readonly (readonly [string, unknown, unknown?])[] = [
    ['a lax list in place of the user\'s', [{ name: 'lax', images: ['**'], keys: ['release'], severity: 'hint' }]],
    ['an empty list', []],
    ['a policy of the same name that asks for less', [{ name: 'own', images: ['ghcr.io/**'], keys: ['release'], require: 'any' }]],
    ['a list that takes images out', [{ name: 'own', images: ['**', '!ghcr.io/**'], keys: ['release'] }]],
    ['a policy for other images only', [{ images: ['nothing.example/**'], keys: ['release'] }]],
    ['a key of its own', [{ images: ['**'], keys: ['evil'] }], { evil: 'evil.pub' }],
    ['a key of its own under a name of the user\'s', [{ images: ['**'], keys: ['release'] }], { release: 'evil.pub' }],
    ['a list that cannot be read', [{ images: ['**'], keys: ['release'], oops: 1 }]],
    ['something that is no list', 'none'],
    ['more signers than keys', [{ images: ['**'], keys: ['release'], require: 2 }]],
  ];
  for (const [what, policies, workspaceKeys] of hostile) {
    for (const [user, userPolicies] of [['policies of the user', own], ['no policy of the user', undefined]] as const) {
      it(`${what}, beside ${user}: everything the user asks for is asked for still, with the user's keys alone`, async () => {
        workspace.isTrusted = false;
        const { trust } = await trustIn({ user: userPolicies, workspace: policies, folder: policies }, workspaceKeys);
        const { trust: alone } = { trust: { ...trust, policies: trust.policies.filter(({ demandsOnly }) => demandsOnly !== true) } };
        assert.deepEqual(trust.problems, []);
        assert.deepEqual(alone.policies.map(({ name }) => name), userPolicies ? ['own'] : []);
        for (const image of images) {
          const all = demandsOf(trust, image);
          const before = demandsOf(alone, image);
          assert.deepEqual(all.filter(({ demandsOnly }) => demandsOnly !== true), before, image);
          if (!userPolicies) assert.equal(before[0]?.policy, everyKey);
          assert.ok(all.every(({ rule }) => (rule.keys ?? []).every(({ reference }) => Object.values(keys).includes(reference))));
        }
      });
    }
  }

  it('add their demands where they name keys of the user, and are not among the ignored settings', async () => {
    workspace.isTrusted = false;
    const { trust, ignored } = await trustIn({ user: own, workspace: [{ name: 'more', images: ['alpine'], keys: ['team'] }] });
    assert.deepEqual(demandsOf(trust, 'alpine').map(({ policy, demandsOnly }) => [policy, demandsOnly]), [['more', true]]);
    assert.deepEqual(ignored, []);
  });

  it('that name a key of the workspace are ignored, and said to be', async () => {
    workspace.isTrusted = false;
    const { trust, ignored } = await trustIn({ user: own, workspace: [{ name: 'more', images: ['alpine'], keys: ['evil'] }] }, { evil: 'x.pub' });
    assert.deepEqual([trust.policies.map(({ name }) => name), [...ignored].sort()], [['own'], ['countersign.keys', 'countersign.policies']]);
    assert.match(screen.languageStatus('countersign.settings')?.detail ?? '', /countersign\.policies/);
  });

  it('take the place of the user\'s as soon as the workspace is trusted', async () => {
    workspace.isTrusted = false;
    fake.configuration.user['countersign.keys'] = keys;
    fake.configuration.user['countersign.policies'] = own;
    fake.configuration.workspace['countersign.policies'] = [{ name: 'more', images: ['alpine'], keys: ['team'] }];
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    fake.grantTrust();
    await settle();
    assert.deepEqual(trustOf(face, document).settings.trust.policies.map(({ name, demandsOnly }) => [name, demandsOnly]), [['more', undefined]]);
    assert.equal(screen.languageStatus('countersign.settings'), undefined);
  });
});
