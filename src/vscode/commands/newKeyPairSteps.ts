// The questions before a key pair is written: where, under which name, with which password, and whether files may be replaced.
import * as vscode from 'vscode';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import type { KeyPairPaths, NewKeyPair, SigningEngine } from '../../core/signingEngine.ts';
import { enumeration } from '../../presentation/translate.ts';
import { labelText, plainText } from '../../presentation/untrustedText.ts';
import { askModally } from '../messages.ts';
import { t } from '../words.ts';
import { back, choose, enter, type Back, type Choice, type Step } from './steps.ts';

export interface KeyPairState {
  readonly folder?: vscode.Uri;
  readonly prefix?: string;
  readonly password?: string;
  /** Files that would be replaced. */
  readonly existing?: readonly string[];
  /** Those of them that a yes has named. */
  readonly overwrite?: readonly string[];
}

/** After them every member of the state is set, and the person has said yes to whatever is replaced. */
export function newKeyPairSteps<State extends KeyPairState>(signing: SigningEngine, defaultPrefix: string): readonly Step<State>[] {
  return [folderStep(), prefixStep(signing, defaultPrefix), overwriteStep(), ...newPasswordSteps<State>()];
}

/** What the engine is asked to write; undefined while a question is open. */
export function requestOf({ folder, prefix, password, overwrite = [] }: KeyPairState): NewKeyPair | undefined {
  if (!folder || prefix === undefined || password === undefined) return undefined;
  return { paths: pathsOf(folder, prefix), password, overwrite };
}

/** A new password, twice, and an explicit yes to an empty one. */
export function newPasswordSteps<State extends { readonly password?: string }>(): readonly Step<State>[] {
  return [
    {
      applies: () => true,
      ask: async (state, place) => {
        const password = await enter(place, {
          prompt: t('A password for the private key. Without one everybody who can read the file can sign with it; you will be asked.'), password: true,
          validate: () => Promise.resolve(undefined),
        });
        return password === back ? back : { ...state, password };
      },
    },
    {
      applies: ({ password }) => password !== '',
      ask: async (state, place) => {
        const repeated = await enter(place, {
          prompt: t('The same password again'), password: true,
          validate: (value, accepting) => Promise.resolve(value !== state.password && (accepting || value !== '') ? t('The two passwords are not the same.') : undefined),
        });
        return repeated === back ? back : state;
      },
    },
    {
      applies: ({ password }) => password === '',
      ask: async (state) => {
        const yes = t('Use No Password');
        const detail = t('Everybody who can read the file can sign with it.');
        return await askModally(t('Write the private key without a password?'), detail, yes) === yes ? state : back;
      },
    },
  ];
}

function folderStep<State extends KeyPairState>(): Step<State> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
      const choices: Choice<vscode.Uri | 'browse'>[] = [
        ...folders.map(({ name, uri }) => ({ label: `$(folder) ${labelText(name, 120)}`, description: labelText(uri.fsPath, 300), value: uri })),
        { label: `$(folder-opened) ${t('Another Folder…')}`, value: 'browse' as const },
      ];
      const answer = await choose(place, t('In which folder are the two files written?'), choices);
      if (answer === back) return back;
      const folder = answer === 'browse' ? await browseFolder() : answer;
      return folder === back ? back : { ...state, folder };
    },
  };
}

async function browseFolder(): Promise<vscode.Uri | Back> {
  const [folder] = await vscode.window.showOpenDialog({ title: t('Choose a Folder'), openLabel: t('Choose'), canSelectFiles: false, canSelectFolders: true }) ?? [];
  if (!folder) return back;
  if (folder.scheme !== 'file') throw new CosignError('FILE_UNREADABLE', said`The folder "${folder.path}" is not on this machine.`, { remedy: said`Choose a folder on this machine.` });
  return folder;
}

function prefixStep<State extends KeyPairState>(signing: SigningEngine, defaultPrefix: string): Step<State> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const prefix = await enter(place, {
        prompt: t('A name for the two files, without .key and .pub'), value: state.prefix ?? defaultPrefix,
        validate: (value) => Promise.resolve(prefixProblem(value.trim())),
      });
      if (prefix === back || !state.folder) return back;
      const existing = await signing.existing(pathsOf(state.folder, prefix.trim()), new AbortController().signal);
      return { ...state, prefix: prefix.trim(), existing, overwrite: [] };
    },
  };
}

/** Asked before the password, so that nobody thinks one up for nothing. */
function overwriteStep<State extends KeyPairState>(): Step<State> {
  return {
    applies: ({ existing = [] }) => existing.length > 0,
    ask: async (state) => {
      const yes = t('Replace');
      const files = enumeration((state.existing ?? []).map((path) => plainText(path, 300)), t);
      const detail = t('{0} will be replaced. A private key that is replaced is gone: nothing more can be signed with it.', files);
      const answer = await askModally(t('There is a key of this name already. Replace it?'), detail, yes);
      return answer === yes ? { ...state, overwrite: state.existing ?? [] } : back;
    },
  };
}

function pathsOf(folder: vscode.Uri, prefix: string): KeyPairPaths {
  const path = (ending: string): string => vscode.Uri.joinPath(folder, `${prefix}${ending}`).fsPath;
  return { privateKey: path('.key'), publicKey: path('.pub') };
}

function prefixProblem(prefix: string): string | undefined {
  if (prefix === '') return t('Enter a name.');
  return prefix.length > 100 || /[/\\:*?"<>|\p{Cc}\p{Cf}]/u.test(prefix) || /^\.+$/.test(prefix) ? t('Use at most 100 characters that may stand in a file name.') : undefined;
}
