// The face with a fake editor and a fake engine; time is stepped by hand.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock } from 'node:test';
import type * as api from 'vscode';
import { registerFace } from '../../src/vscode/face.ts';
import type { FileTrust } from '../../src/vscode/fileTrust.ts';
import type { DockerfileTracker } from '../../src/vscode/dockerfileTracker.ts';
import { readTitle } from '../support/lensTitle.ts';
import { fake, Position, Range, Uri, CodeActionKind, type CodeAction, type CodeLens, type Diagnostic, type Hover } from '../support/vscode.ts';
import type { FakeDocument } from '../support/vscode/documents.ts';
import type { FakeLanguageStatus } from '../support/vscode/languages.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { FakeEngine } from './fakeEngine.ts';
import { FakeSigning } from './fakeSigning.ts';
import { assertSurfaces } from './surfaces.ts';

export interface Face {
  readonly engine: FakeEngine;
  readonly tracker: DockerfileTracker;
  readonly subscriptions: { dispose(): unknown }[];
  /** Engines asked for so far. */
  loads: number;
}

export const home = '/home/ada';
export const folder = '/work space/app';
/** Steps with {@link tick}. */
let now = 1_000_000;
const rejections: unknown[] = [];
const current: { face: Face | undefined } = { face: undefined };

/** Puts hooks around every test of the file: a fresh editor before, everything let go and nothing unexpected after. */
export function useFace(): void {
  beforeEach(() => {
    fake.reset();
    fake.folder(folder);
    now = 1_000_000;
    rejections.length = 0;
    mock.timers.enable({ apis: ['setTimeout'] });
    process.on('unhandledRejection', remember);
  });
  afterEach(async () => {
    await settle();
    assertSurfaces();
    current.face?.subscriptions.toReversed().forEach((item) => { item.dispose(); });
    current.face = undefined;
    await settle();
    mock.timers.reset();
    process.off('unhandledRejection', remember);
    assert.deepEqual(rejections, [], 'unhandled rejections');
    assert.deepEqual(fake.script.unexpected, [], 'questions nobody expected');
    assert.equal(fake.script.left, 0, 'answers nobody asked for');
    assert.equal(fake.held, 0, 'listeners or registrations that were not let go');
    assert.equal(fake.languages.diagnostics.size, 0);
  });
}

const remember = (reason: unknown): void => { rejections.push(reason); };

export function startFace(load?: () => Promise<FakeEngine>, environmentPassword?: string): Face {
  const engine = new FakeEngine();
  const subscriptions: { dispose(): unknown }[] = [];
  const face = { engine, subscriptions, loads: 0 };
  const tracker = registerFace({
    subscriptions,
    extensionUri: Uri.file('/extension') as unknown as api.Uri,
    homeDirectory: home,
    secrets: fake.secrets,
    environmentPassword,
    memory: fake.memory,
    globalMemory: fake.memory,
    now: () => now,
    version: '1.2.3',
    machine: 'linux x64, Node.js v20',
    loadEngine: () => {
      face.loads += 1;
      return load ? load() : Promise.resolve(engine);
    },
  });
  const started: Face = Object.assign(face, { tracker });
  current.face = started;
  return started;
}

/** A user who trusts one key. */
export function trustKey(): void {
  fake.configuration.user['countersign.keys'] = { release: '/keys/release.pub' };
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass. */
export async function tick(ms: number): Promise<void> {
  now += ms;
  mock.timers.tick(ms);
  await settle();
}

export async function openDockerfile(text: string, path = `${folder}/Dockerfile`): Promise<FakeDocument> {
  const document = fake.open(path, text);
  fake.show(document);
  await settle();
  return document;
}

export async function type(document: FakeDocument, text: string): Promise<void> {
  fake.edit(document, text);
  await settle();
}

export async function run(command: string, argument?: unknown): Promise<void> {
  await fake.commands.get(`countersign.${command}`)?.(argument);
  await settle();
}

/** Runs a command with the answers of a person, until all is quiet. */
export async function answer(command: string, answers: readonly Answer[], ...args: readonly unknown[]): Promise<void> {
  fake.script.answer(...answers);
  await fake.commands.get(`countersign.${command}`)?.(...args);
  for (let turn = 0; turn < 20; turn++) await settle();
}

/** The face with a signing engine that a test looks into. */
export function startSigning(environmentPassword?: string): Face & { readonly signing: FakeSigning } {
  const face = startFace(undefined, environmentPassword);
  const signing = new FakeSigning();
  face.engine.signing = signing;
  return Object.assign(face, { signing });
}

/** What is on screen for a document. */
export const screen = {
  diagnostics: diagnosticsOn,
  codes: (document: FakeDocument): readonly unknown[] => diagnosticsOn(document).map(({ code }) => (typeof code === 'object' ? code.value : code)),
  lenses: lensesOn,
  titles: (document: FakeDocument): readonly string[] => lensesOn(document).map(({ command }) => readTitle(command?.title ?? '')),
  hover: (document: FakeDocument, line: number, character: number): Hover | undefined =>
    [...fake.languages.hovers].map((provider) => provider.provideHover(document, new Position(line, character), undefined))[0],
  fixes: async (document: FakeDocument, diagnostics = diagnosticsOn(document)): Promise<readonly CodeAction[]> =>
    (await Promise.all([...fake.languages.actions].map(async (provider) => provider.provideCodeActions(document, diagnostics[0]?.range ?? new Range(0, 0, 0, 0), { diagnostics }, undefined)))).flat(),
  /** What is offered where the cursor is. */
  actions: async (document: FakeDocument, line: number, character: number, only?: string): Promise<readonly CodeAction[]> =>
    (await Promise.all([...fake.languages.actions].map(async (provider) => provider.provideCodeActions(document, new Range(line, character, line, character), {
      diagnostics: diagnosticsOn(document).filter(({ range }) => range.start.line === line), ...(only === undefined ? {} : { only: new CodeActionKind(only) }),
    }, undefined)))).flat(),
  status: () => [...fake.statusBar][0] ?? assert.fail('no status bar entry'),
  languageStatus: (id: string): FakeLanguageStatus | undefined => [...fake.languages.statuses].find((item) => item.id === id),
  kinds: (face: Face, document: FakeDocument): readonly string[] => trustOf(face, document).uses.map(({ state }) => state.kind),
};

export function trustOf(face: Face, document: FakeDocument): FileTrust {
  return face.tracker.get(document.uri as unknown as api.Uri) ?? assert.fail('the document is not tracked');
}

function diagnosticsOn(document: FakeDocument): readonly Diagnostic[] {
  return fake.languages.diagnostics.get(document.uri.toString()) ?? [];
}

function lensesOn(document: FakeDocument): readonly CodeLens[] {
  return [...fake.languages.lenses].flatMap((provider) => provider.provideCodeLenses(document, undefined));
}
