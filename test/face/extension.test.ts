// The extension as the editor starts it, with the real engine behind it and no network asked.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type * as api from 'vscode';
import { activate } from '../../src/extension.ts';
import { ExtensionMode, fake, Uri } from '../support/vscode.ts';
import { settle } from './harness.ts';

interface Started { readonly subscriptions: { dispose(): unknown }[]; readonly hooks: ReturnType<typeof activate> }

function start(extensionMode: number = ExtensionMode.Production): Started {
  const subscriptions: { dispose(): unknown }[] = [];
  const context = { subscriptions, extensionMode, extensionUri: Uri.file('/extension'), globalStorageUri: Uri.file('/home/ada/.config/Code/User/globalStorage/countersign'), secrets: fake.secrets, workspaceState: fake.memory, globalState: fake.memory, extension: { packageJSON: { version: '1.2.3' } } };
  return { subscriptions, hooks: activate(context as unknown as api.ExtensionContext) };
}

describe('the extension', () => {
  let started: Started | undefined;
  beforeEach(() => {
    fake.reset();
    started = undefined;
  });
  afterEach(async () => {
    for (const item of started?.subscriptions.toReversed() ?? []) item.dispose();
    await settle();
    assert.equal(fake.held, 0);
  });

  it('gives others nothing, and tests a way to wait', () => {
    started = start();
    assert.equal(started.hooks, undefined);
    for (const item of started.subscriptions.toReversed()) item.dispose();
    started = start(ExtensionMode.Test);
    assert.deepEqual(Object.keys(started.hooks ?? {}), ['tracker']);
  });

  it('reads a Dockerfile with the engine it loads for it', async () => {
    started = start(ExtensionMode.Test);
    const document = fake.open('/app/Dockerfile', 'ARG V=3.20\nFROM alpine:$V\nCOPY --from=busybox /a /b');
    fake.show(document);
    const uri = document.uri as unknown as api.Uri;
    for (let turn = 0; turn < 200 && !started.hooks?.tracker.get(uri); turn++) await settle();
    await started.hooks?.tracker.whenIdle();
    assert.deepEqual(started.hooks?.tracker.get(uri)?.uses.map(({ use, state }) => [use.text, state.kind]), [['alpine:3.20', 'no keys'], ['busybox', 'no keys']]);
  });

  it('says so when it cannot start, and lets go of what it had', async () => {
    fake.commands.set('countersign.showTrust', () => undefined);
    const subscriptions: { dispose(): unknown }[] = [];
    const context = { subscriptions, extensionMode: ExtensionMode.Production, extensionUri: Uri.file('/extension'), globalStorageUri: Uri.file('/home/ada/.config/Code/User/globalStorage/countersign'), secrets: fake.secrets, workspaceState: fake.memory, globalState: fake.memory, extension: { packageJSON: { version: '1.2.3' } } };
    assert.throws(() => activate(context as unknown as api.ExtensionContext), /already exists/);
    await settle();
    assert.match(fake.script.messages().join(), /Countersign could not start/);
    for (const item of subscriptions.toReversed()) item.dispose();
    fake.commands.clear();
  });
});
