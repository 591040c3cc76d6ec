// The questions that lead to an unlocked private key: which file, and its password, where nobody knows it yet.
import * as vscode from 'vscode';
import { CosignError, toCosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import type { KeyDescription } from '../../core/crypto/keyDescription.ts';
import { isSecretReference, parseSecretReference, secretReference } from '../../core/kubernetes/secretReference.ts';
import type { KeySetting } from '../../core/policy/trustPolicy.ts';
import type { SigningEngine } from '../../core/signingEngine.ts';
import { failureText } from '../../presentation/failureText.ts';
import { labelText, plainText } from '../../presentation/untrustedText.ts';
import type { KnownPassword } from '../passwords.ts';
import { t } from '../words.ts';
import { namespaceStep, secretStep, type ClusterState } from './clusterSteps.ts';
import type { CommandContext } from './context.ts';
import { describeLocal } from './keySteps.ts';
import { runWithProgress } from './runWithProgress.ts';
import { askSteps, back, enter, enterOrChoose, type Back, type Choice, type Step, type StepPlace } from './steps.ts';

/** A private key and what it is, once it is unlocked. */
export interface PrivateKeyState {
  readonly privateKey?: KeySetting;
  readonly description?: KeyDescription | undefined;
  /** Why the password is asked although one was known. */
  readonly passwordNote?: string | undefined;
}

const lastKey = 'countersign.lastPrivateKey';
/** Long enough for the rest of the command where a key is not to stay unlocked. */
const commandMs = 10 * 60_000;

/** What one command unlocks: where keys are not to stay unlocked, it is locked at the end, and nothing that another command uses. */
export class KeyUse {
  readonly signing: SigningEngine;
  readonly #unlockedForMs: number;
  readonly #keys = new Map<string, KeySetting>();

  /** @param unlockedForMs the setting; 0: until the command has ended */
  constructor(signing: SigningEngine, unlockedForMs: number) {
    this.signing = signing;
    this.#unlockedForMs = unlockedForMs;
  }

  async unlock(key: KeySetting, password: string, signal: AbortSignal): Promise<KeyDescription> {
    const description = await this.signing.unlock(key, password, this.#unlockedForMs || commandMs, signal);
    this.#keys.set(key.reference, key);
    return description;
  }

  /** Call it however the command ended. */
  end(): void {
    if (this.#unlockedForMs === 0) for (const key of this.#keys.values()) this.signing.lock(key);
  }
}

/** Two questions, the second only where no known password opens the key; after them `privateKey` and `description` are set. */
export function privateKeySteps<State extends PrivateKeyState>(context: CommandContext, use: KeyUse): readonly Step<State>[] {
  return [
    keyFileStep<State>(context, async (state, privateKey) => ({ ...state, privateKey, ...await unlockSilently(context, use, privateKey) })),
    {
      applies: ({ privateKey, description }) => privateKey !== undefined && description === undefined,
      ask: async (state, place) => {
        const { privateKey } = state;
        if (!privateKey) return back;
        const description = await askPassword(context, place, { use, privateKey, ...(state.passwordNote === undefined ? {} : { note: state.passwordNote }) });
        return description === back ? back : { ...state, description };
      },
    },
  ];
}

/** Which file. */
export function keyFileStep<State extends PrivateKeyState>(context: CommandContext, chosen: (state: State, key: KeySetting) => Promise<State>): Step<State> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const privateKey = await askKey(context, place, state.privateKey);
      if (privateKey === back) return back;
      return chosen({ ...state, description: undefined, passwordNote: undefined }, privateKey);
    },
  };
}

/**
 * Time may have passed since the questions: asks the password again where the key is locked by now.
 * @param shown what the person agreed to sign with
 * @throws {CosignError} `FILE_CHANGED` when it is another key by now
 */
export async function ensureUnlocked(context: CommandContext, use: KeyUse, privateKey: KeySetting, shown: KeyDescription): Promise<void> {
  const silent = await unlockSilently(context, use, privateKey);
  const note = silent.passwordNote === undefined ? {} : { note: silent.passwordNote };
  const now = silent.description ?? await askPassword(context, { title: t('Unlock {0}', privateKey.name), step: 1, totalSteps: 1 }, { use, privateKey, ...note });
  if (now === back) throw new vscode.CancellationError();
  if (now.fingerprint === shown.fingerprint) return;
  throw new CosignError('FILE_CHANGED', said`The private key ${privateKey.name} is another one now than the one that was shown: ${now.fingerprint}.`, { remedy: said`If that is the key to sign with, sign again.` });
}

/** A key file by its path: what people call it, without its folder; a secret by its whole reference. */
export function keySetting(reference: string): KeySetting {
  if (isSecretReference(reference)) return { name: plainText(reference, 200), reference };
  return { name: plainText(reference.slice(Math.max(reference.lastIndexOf('/'), reference.lastIndexOf('\\')) + 1), 80), reference };
}

async function askKey(context: CommandContext, place: StepPlace, chosen: KeySetting | undefined): Promise<KeySetting | Back> {
  const { memory } = context;
  const last = chosen?.reference ?? memory.get<unknown>(lastKey);
  const found = (await vscode.workspace.findFiles('**/*.key', '**/node_modules/**', 50)).filter(({ scheme, path }) => scheme === 'file' && !/\/\.countersign-[^/]*$/.test(path)).map(({ fsPath }) => fsPath).sort();
  const references = [...new Set([...(typeof last === 'string' ? [last] : []), ...found, ...trustedSecrets(context)])];
  const beside = new Map(await Promise.all(references.map(async (path) => [path, await publicKeyBeside(context, path)] as const)));
  const choices: Choice<Source>[] = [
    ...references.map((path) => ({ label: `$(${isSecretReference(path) ? 'cloud' : 'key'}) ${labelText(keySetting(path).name, 200)}`, ...(isSecretReference(path) ? {} : { description: labelText(path, 300) }), ...detailOf(beside.get(path)), value: path })),
    { label: `$(folder-opened) ${t('Choose a File…')}`, detail: t('a private key that cosign or Countersign wrote, such as cosign.key'), value: browse },
    { label: `$(cloud) ${t('Choose a Kubernetes Secret…')}`, detail: t('its password comes with it'), value: inCluster },
  ];
  const answer = await enterOrChoose(place, { placeholder: t('Which private key signs? Choose one, or enter a path, env://… or k8s://…'), choices, parse: parseKey });
  if (answer === back) return back;
  const reference = answer === browse ? await browseKey() : answer === inCluster ? await chooseSecret(context, place.title) : answer;
  if (reference === undefined) return askKey(context, place, chosen);
  await memory.update(lastKey, reference);
  return keySetting(reference);
}

/** What the public key says that lies beside a private key which is locked: most likely its other half, and called no more than that. */
async function publicKeyBeside(context: CommandContext, path: string): Promise<string | undefined> {
  if (!/[/\\][^/\\]*\.key$/.test(path)) return undefined;
  const reference = path.replace(/\.key$/, '.pub');
  const which = await describeLocal(context, { name: reference, reference });
  return which === undefined ? undefined : t('public key beside it: {0}', which);
}

const detailOf = (detail: string | undefined): { readonly detail?: string } => (detail === undefined ? {} : { detail });

const browse = Symbol('browse');
const inCluster = Symbol('in a cluster');
type Source = string | typeof browse | typeof inCluster;

/** Secrets with trusted public keys may hold the private ones as well. */
function trustedSecrets({ settings }: CommandContext): readonly string[] {
  return settings.forResource(vscode.window.activeTextEditor?.document.uri).trust.keys.map(({ reference }) => reference.trim()).filter(isSecretReference);
}

/** A reference names no context, so the current one is asked. */
async function chooseSecret({ engine }: CommandContext, title: string): Promise<string> {
  const { kubernetes } = await engine.get();
  const start: ClusterState = {};
  const { namespace = '', name = '' } = await askSteps(title, [namespaceStep(kubernetes), secretStep(kubernetes, { existing: true })], start);
  return secretReference({ namespace, name });
}

function parseKey(text: string): { readonly value: string } | string {
  if (isSecretReference(text)) return parseSecret(text);
  return /^env:\/\/\w+$|^(?:[/\\]|[a-z]:[/\\])./i.test(text) ? { value: text } : t('Enter a whole path, env://NAME or k8s://namespace/name.');
}

function parseSecret(text: string): { readonly value: string } | string {
  try {
    return { value: secretReference(parseSecretReference(text)) };
  } catch (error) {
    return failureText(toCosignError(error), t).text;
  }
}

async function browseKey(): Promise<string | undefined> {
  const [file] = await vscode.window.showOpenDialog({
    title: t('Choose a Private Key'), openLabel: t('Choose'), canSelectMany: false, filters: { [t('Private Keys')]: ['key', 'pem'], [t('All Files')]: ['*'] },
  }) ?? [];
  if (file && file.scheme !== 'file') throw new CosignError('KEY_UNREADABLE', said`"${file.path}" is not a file on this machine.`, { remedy: said`Copy it to this machine first.` });
  return file?.fsPath;
}

async function unlockSilently({ passwords }: CommandContext, use: KeyUse, key: KeySetting): Promise<Pick<PrivateKeyState, 'description' | 'passwordNote'>> {
  // A secret brings its password: none is asked for, none is tried.
  if (isSecretReference(key.reference)) return { description: await runWithProgress(t('Asking the Kubernetes cluster'), (signal) => use.unlock(key, '', signal)) };
  const { signal } = new AbortController();
  const unlocked = await use.signing.unlocked(key, signal);
  if (unlocked) return { description: unlocked };
  const notes: string[] = [];
  for (const known of await passwords.known(key)) {
    try {
      return { description: await use.unlock(key, known.password, signal) };
    } catch (error) {
      if (toCosignError(error).code !== 'KEY_PASSWORD_WRONG') throw error;
      if (known.from === 'remembered') await passwords.forget(key);
      notes.push(wrongNote(known));
    }
  }
  return notes.length === 0 ? {} : { passwordNote: notes.join(' ') };
}

function wrongNote({ from }: KnownPassword): string {
  return from === 'remembered' ? t('The remembered password is wrong; it was forgotten.') : t('The password in COSIGN_PASSWORD does not open this key.');
}

interface PasswordQuestion {
  readonly use: KeyUse;
  readonly privateKey: KeySetting;
  readonly note?: string;
}

async function askPassword(context: CommandContext, place: StepPlace, { use, privateKey, note }: PasswordQuestion): Promise<KeyDescription | Back> {
  let description: KeyDescription | undefined;
  const beside = await publicKeyBeside(context, privateKey.reference);
  const wish = { remember: false };
  const password = await enter(place, {
    prompt: beside === undefined ? t('Password of {0}', privateKey.name) : t('Password of {0} ({1})', privateKey.name, beside),
    password: true,
    ...(note === undefined ? {} : { warning: note }),
    toggle: {
      icon: { on: 'pinned', off: 'pin' },
      tooltip: { on: t('The password will be remembered in the secret storage of the editor'), off: t('Remember the password in the secret storage of the editor') },
      set: (on) => { wish.remember = on; },
    },
    validate: async (value, accepting, signal) => {
      if (!accepting) return undefined;
      try {
        description = await use.unlock(privateKey, value, signal);
        return undefined;
      } catch (error) {
        signal.throwIfAborted();
        const failure = toCosignError(error);
        return failure.code === 'KEY_PASSWORD_WRONG' ? t('The password is wrong. Try again.') : failureText(failure, t).text;
      }
    },
  });
  if (password === back || !description) return back;
  if (wish.remember) await context.passwords.remember(privateKey, password);
  return description;
}
