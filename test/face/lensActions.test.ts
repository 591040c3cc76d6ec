// Lenses that act in one step, for whoever wants them: sign, copy or pin the image above which they stand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { fake, workspace } from '../support/vscode.ts';
import type { FakeDocument } from '../support/vscode/documents.ts';
import { digest, verdicts } from './fakeEngine.ts';
import type { answer} from './harness.ts';
import { openDockerfile, screen, settle, startFace, trustKey, trustOf, useFace, type Face } from './harness.ts';

const file = 'FROM ghcr.io/o/app:1\nFROM ghcr.io/o/tool:2\nFROM ghcr.io/o/new:3';

function start(actions: unknown, keys = true): Face {
  if (keys) trustKey();
  fake.configuration.user['countersign.codeLens.actions'] = actions;
  const face = startFace();
  face.engine.readDockerfile = readDockerfile;
  for (const [image, verdict] of Object.entries({ 'o/app': verdicts.verified, 'o/tool': verdicts.verified, 'o/new': verdicts.unsigned })) face.engine.answers.set(image, verdict);
  return face;
}

/** Of each line, what follows the verdict. */
const actionsOn = (document: FakeDocument): readonly (readonly string[])[] =>
  document.getText().split('\n').map((_, line) => screen.lenses(document).filter(({ range }) => range.start.line === line).slice(1).map(({ command }) => command?.title ?? ''));

/** What the editor does when it is clicked. */
async function click(document: FakeDocument, line: number, title: string, answers: Parameters<typeof answer>[1] = []): Promise<void> {
  const command = screen.lenses(document).find(({ range, command: of }) => range.start.line === line && of?.title === title)?.command;
  assert.ok(command, title);
  fake.script.answer(...answers);
  await fake.commands.get(command.command)?.(...command.arguments ?? []);
  await settle();
}

describe('lenses with actions', () => {
  useFace();

  it('are not there unless they are asked for', async () => {
    start(undefined);
    delete fake.configuration.user['countersign.codeLens.actions'];
    assert.deepEqual(actionsOn(await openDockerfile(file)), [[], [], []]);
  });

  it('stand behind the verdict of each image, where they can do something', async () => {
    start(['pin', 'copy', 'sign']);
    assert.deepEqual(actionsOn(await openDockerfile(`${file}\nFROM ghcr.io/o/app:1@${digest('a')}\nFROM scratch\nFROM $NOTHING`)), [['Sign…', 'Copy…', 'Pin'], ['Sign…', 'Copy…', 'Pin'], ['Sign…', 'Copy…'], ['Sign…', 'Copy…'], [], []]);
  });

  it('are those that the setting names, and its mistakes are told', async () => {
    const face = start(['copy', 'cut', 3]);
    const document = await openDockerfile(file);
    assert.deepEqual(actionsOn(document), [['Copy…'], ['Copy…'], ['Copy…']]);
    assert.deepEqual(trustOf(face, document).settings.problems.map(({ message }) => message), ['countersign.codeLens.actions must be a list of sign, copy, pin.']);
  });

  it('stand on the first image before there is a key', async () => {
    start(['sign', 'copy', 'pin'], false);
    assert.deepEqual(actionsOn(await openDockerfile(file)), [['Sign…', 'Copy…'], [], []]);
  });

  it('neither sign nor copy in Restricted Mode', async () => {
    workspace.isTrusted = false;
    start(['sign', 'copy', 'pin']);
    assert.deepEqual(actionsOn(await openDockerfile(file)), [['Pin'], ['Pin'], []]);
  });

  it('go when lenses are turned off', async () => {
    fake.configuration.user['countersign.codeLens.enabled'] = false;
    start(['sign']);
    assert.deepEqual(screen.lenses(await openDockerfile(file)), []);
  });

  for (const [title, question] of [['Sign…', 'Sign Image'], ['Copy…', 'Copy Image with Signatures']] as const) {
    it(`${title} asks at once about the image of its line`, async () => {
      start(['sign', 'copy']);
      const document = await openDockerfile(file);
      await click(document, 1, title, [{ escape: true }]);
      const [asked] = fake.script.shown;
      assert.deepEqual([asked?.text.split(' | ')[0], asked?.value], [question, 'ghcr.io/o/tool:2']);
    });
  }

  it('Pin pins the image of its line and no other', async () => {
    start(['pin']);
    const document = await openDockerfile(file);
    await click(document, 1, 'Pin');
    assert.equal(document.getText(), file.replace('tool:2', `tool:2@${digest('a')}`));
    assert.match(fake.script.shown.map(({ text }) => text).join(), /^Pinned 1 reference to its verified digest\.$/);
  });

  it('Pin pins nothing when its place is of a text that has changed', async () => {
    start(['pin']);
    const document = await openDockerfile(file);
    await fake.commands.get('countersign.pinImages')?.({ uri: document.uri.toString(), range: { start: { line: 7, character: 0 }, end: { line: 7, character: 1 } } }, 'this');
    assert.deepEqual([document.getText(), fake.edits], [file, 0]);
  });
});
