// The questions that lead to a public key: where it is, and the key itself, shown with algorithm and fingerprint before it is trusted.
import * as vscode from 'vscode';
import type { KeyDescription } from '../../core/engine.ts';
import { CosignError, toCosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import type { KeySetting } from '../../core/policy/trustPolicy.ts';
import { failureText } from '../../presentation/failureText.ts';
import { enumeration } from '../../presentation/translate.ts';
import { t } from '../words.ts';
import type { CommandContext } from './context.ts';
import { keyFile } from '../trustReader.ts';
import { isKeyAddress, restorePem } from './pastedKey.ts';
import { back, choose, enter, type Back, type Step } from './steps.ts';

export type KeyOrigin = 'file' | 'paste' | 'clipboard' | 'address';

/** A public key that was read. */
export interface ChosenKey {
  /** The reference to store: an absolute path, a PEM, or an address. */
  readonly reference: string;
  readonly file?: vscode.Uri;
  readonly descriptions: readonly KeyDescription[];
}

export interface KeyState {
  readonly origin?: KeyOrigin;
  readonly key?: ChosenKey;
}

/** Two questions; after them `key` is set. */
export function keySteps<State extends KeyState>(context: CommandContext): readonly Step<State>[] {
  return [
    {
      applies: () => true,
      ask: async (state, place) => {
        const origin = await choose<KeyOrigin>(place, t('Where is the public key?'), [
          { label: `$(file) ${t('Choose a File…')}`, detail: t('a PEM file, such as cosign.pub'), value: 'file' },
          { label: `$(edit) ${t('Paste It…')}`, detail: t('a PEM text, in one line or in several'), value: 'paste' },
          { label: `$(clippy) ${t('Use the Clipboard')}`, detail: t('a PEM text that you copied'), value: 'clipboard' },
          { label: `$(link) ${t('Enter an Address…')}`, detail: t('https://…, env://NAME or k8s://namespace/name, read again whenever it is used'), value: 'address' },
        ], state.origin);
        if (origin === back) return back;
        return { ...state, origin, ...(origin === 'clipboard' ? { key: await fromClipboard(context) } : {}) };
      },
    },
    {
      applies: ({ origin }) => origin !== 'clipboard',
      ask: async (state, place) => {
        const key = state.origin === 'file' ? await fromFile(context)
          : await fromText(context, place, state.origin === 'address');
        return key === back ? back : { ...state, key };
      },
    },
  ];
}

/** `ECDSA P-256, SHA256:…`, of each key. */
export function describeKeys(descriptions: readonly KeyDescription[]): string {
  return enumeration(descriptions.map(({ algorithm, fingerprint }) => `${algorithm}, ${fingerprint}`), t, 3);
}

/** What {@link describeKeys} says of a key on this machine; undefined where it cannot be read at once. */
export async function describeLocal(context: CommandContext, key: KeySetting | undefined): Promise<string | undefined> {
  if (!key || /^(?:https?|k8s):/i.test(key.reference.trim())) return undefined;
  // Where it counts that it cannot be read, that is said.
  const descriptions = await describe(context, key, new AbortController().signal).catch(() => []);
  return descriptions.length === 0 ? undefined : describeKeys(descriptions);
}

/** A key that was chosen elsewhere: the absolute path of a file, or a PEM. @throws {CosignError} the `KEY_…` codes */
export async function readKey(context: CommandContext, text: string): Promise<ChosenKey> {
  const reference = text.includes('-----BEGIN') ? restorePem(text) ?? text : text;
  const file = keyFile({ name: '', reference });
  return { reference, ...(file ? { file } : {}), descriptions: await describe(context, reference, new AbortController().signal) };
}

/** Leaving the dialog leads back to the question before it. */
async function fromFile(context: CommandContext): Promise<ChosenKey | Back> {
  const files = await vscode.window.showOpenDialog({
    title: t('Choose a Public Key'), openLabel: t('Choose'), canSelectMany: false, filters: { [t('Public Keys')]: ['pub', 'pem', 'key'], [t('All Files')]: ['*'] },
  });
  const [file] = files ?? [];
  if (!file) return back;
  if (file.scheme !== 'file') throw new CosignError('KEY_UNREADABLE', said`"${file.path}" is not a file on this machine.`, { remedy: said`Paste the key instead.` });
  const descriptions = await describe(context, file.fsPath, new AbortController().signal);
  return { reference: file.fsPath, file, descriptions };
}

async function fromClipboard(context: CommandContext): Promise<ChosenKey> {
  const reference = restorePem(await vscode.env.clipboard.readText());
  if (reference === undefined) throw new CosignError('KEY_INVALID', said`The clipboard holds no key in PEM form.`, { remedy: said`Copy the public key with its BEGIN and END lines.` });
  return { reference, descriptions: await describe(context, reference, new AbortController().signal) };
}

async function fromText(context: CommandContext, place: Parameters<Step<KeyState>['ask']>[1], address: boolean): Promise<ChosenKey | Back> {
  let found: ChosenKey | undefined;
  const answer = await enter(place, {
    prompt: address ? t('The address of the public key') : t('The public key with its BEGIN and END lines; line breaks may be missing'),
    placeholder: address ? 'https://example.com/cosign.pub' : '-----BEGIN PUBLIC KEY----- …',
    validate: async (value, accepting, signal) => {
      found = undefined;
      const reference = address ? addressIn(value) : restorePem(value);
      if (reference === undefined) {
        if (!accepting && value.trim() === '') return undefined;
        return address ? t('Enter https://…, env://NAME or k8s://namespace/name.') : t('This is no key in PEM form.');
      }
      // Half an address leads somewhere else: it is asked only when it is meant.
      if (address && !accepting) return undefined;
      try {
        const descriptions = await describe(context, reference, signal);
        found = { reference, descriptions };
        return { note: describeKeys(descriptions) };
      } catch (error) {
        signal.throwIfAborted();
        return failureText(toCosignError(error), t).text;
      }
    },
  });
  return answer === back ? back : found ?? back;
}

function addressIn(value: string): string | undefined {
  const text = value.trim();
  return isKeyAddress(text) ? text : undefined;
}

async function describe({ engine }: CommandContext, reference: string | KeySetting, signal: AbortSignal): Promise<readonly KeyDescription[]> {
  const key: KeySetting = typeof reference === 'string' ? { name: t('new key'), reference } : reference;
  return (await engine.get()).describeKey(key, signal);
}
