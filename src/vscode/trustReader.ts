// `countersign.keys` and `countersign.policies` of every scope that counts → what is trusted for one document.
import * as vscode from 'vscode';
import type { CosignError } from '../core/errors.ts';
import { parseKeys, parsePolicies } from '../core/policy/parseTrust.ts';
import type { KeySetting, TrustPolicy, TrustSettings } from '../core/policy/trustPolicy.ts';
import type { SettingValues } from './settingValues.ts';
import { folderOf, settingsFile, type Scope, type ScopedValue } from './storedSettings.ts';

export interface ReadTrust {
  readonly trust: TrustSettings;
  /** The scope each key comes from. */
  readonly keyScopes: ReadonlyMap<string, Scope>;
  /** The scope whose list of policies counts. */
  readonly policyScope: Scope | undefined;
}

/** Where on this machine the user's things are. */
export interface SettingsHomes {
  readonly homeDirectory: string;
  /** The user's settings.json, where it is known. */
  readonly userSettings?: vscode.Uri | undefined;
}

/**
 * Keys of all scopes add up, the most specific one counting for a name; of the lists of policies the most specific one counts whole.
 * In Restricted Mode those of the workspace add to what the user's ask for, and do nothing else.
 */
export function readTrust(values: SettingValues, resource: vscode.Uri | undefined, places: SettingsHomes): ReadTrust {
  const keys = new Map<string, KeySetting>();
  const keyScopes = new Map<string, Scope>();
  const problems: CosignError[] = [];
  for (const { scope, value } of values.scopes('countersign.keys')) {
    const parsed = parseKeys(value, baseDirectory(scope, resource, places.homeDirectory));
    problems.push(...parsed.problems);
    // A broken entry hides the one it stands for, rather than letting another key answer to its name.
    for (const name of namesIn(value)) keys.delete(name);
    for (const key of parsed.values) {
      keys.set(key.name, key);
      keyScopes.set(key.name, scope);
    }
  }
  const policies: ScopedValue | undefined = values.scopes('countersign.policies').at(-1);
  const names = new Set(keys.keys());
  const parsed = parsePolicies(policies?.value, names);
  const placed = (read: readonly TrustPolicy[], scope: Scope): readonly TrustPolicy[] => {
    const uri = settingsFile(scope, resource, places.userSettings).toString();
    return read.map((policy) => ({ ...policy, origin: { kind: 'settings', ...policy.origin, uri } }));
  };
  const added: TrustPolicy[] = [];
  values.additions('countersign.policies', (withheld) => {
    // Names are those of the user's keys: no key of the workspace is among them. What cannot be read, or names another key, is left
    // out: it must not hide what the user's own policies find.
    const more = withheld.map(({ scope, value }) => ({ scope, ...parsePolicies(value, names) }));
    for (const { scope, values: read } of more) added.push(...placed(read, scope).map((policy) => ({ ...policy, demandsOnly: true })));
    return more.every(({ problems: wrong }) => wrong.length === 0);
  });
  const own = policies ? placed(parsed.values, policies.scope) : [];
  return {
    trust: { keys: [...keys.values()], policies: [...own, ...added], problems: [...problems, ...parsed.problems] },
    keyScopes,
    policyScope: policies?.scope,
  };
}

/** What forbids any verdict: a policy that cannot be read may be the one that covers an image, a key that cannot be read the one that signed it. */
export function blockingProblem(trust: TrustSettings): CosignError | undefined {
  const policy = trust.problems.find(({ code }) => code === 'POLICY_INVALID');
  return policy ?? (trust.keys.length === 0 ? trust.problems[0] : undefined);
}

/** Where relative key paths of a scope start: the home directory for the user's, the folder for the workspace's. */
export function baseDirectory(scope: Scope, resource: vscode.Uri | undefined, homeDirectory: string): string | undefined {
  if (scope === 'user') return homeDirectory;
  const folder = folderOf(resource);
  return folder?.uri.scheme === 'file' ? folder.uri.fsPath : undefined;
}

/** The file a key reference names; undefined for inline keys and other sources. */
export function keyFile(key: KeySetting): vscode.Uri | undefined {
  if (/-----BEGIN|^[a-z][a-z0-9+.-]+:\/\//i.test(key.reference)) return undefined;
  return resolvePath(key.reference, key.baseDirectory);
}

/** Whatever `..` there is in its path. */
export const isInWorkspace = (uri: vscode.Uri): boolean => vscode.workspace.getWorkspaceFolder(vscode.Uri.joinPath(uri, '.')) !== undefined;

/** A file of the workspace; no address, no variable, no text. */
export function isKeyInWorkspace(key: KeySetting): boolean {
  const file = keyFile(key);
  return file !== undefined && isInWorkspace(file);
}

/** An absolute path as it is; another one from the base; undefined without one. */
export function resolvePath(path: string, base: string | undefined): vscode.Uri | undefined {
  if (/^(?:[/\\]|[a-z]:[/\\])/i.test(path)) return vscode.Uri.file(path);
  return base === undefined ? undefined : vscode.Uri.joinPath(vscode.Uri.file(base), path.replaceAll('\\', '/'));
}

const namesIn = (value: unknown): readonly string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);
