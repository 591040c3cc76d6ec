// Settings as they are stored, scope by scope: reading without what an untrusted folder says, and writing to one scope.
import * as vscode from 'vscode';
import { restrictedSettings, type SettingId } from '../contributions.ts';

export type Scope = 'user' | 'workspace' | 'folder';

export interface ScopedValue {
  readonly scope: Scope;
  readonly value: unknown;
}

export interface StoredSetting {
  /** Least specific first; empty where only the default counts. */
  readonly values: readonly ScopedValue[];
  /** The workspace or folder has a value that does not count, because the folder is not trusted. */
  readonly ignored: boolean;
  /** Those values; they must never do more than add demands. */
  readonly withheld: readonly ScopedValue[];
}

const restricted: readonly string[] = restrictedSettings;

/** What each scope says. In Restricted Mode the values a repository could bring are left out, whatever the editor hands over. */
export function readStored(id: SettingId, resource: vscode.Uri | undefined): StoredSetting {
  const found = vscode.workspace.getConfiguration(undefined, resource ?? null).inspect<unknown>(id);
  const all: readonly ScopedValue[] = [
    { scope: 'user', value: found?.globalValue },
    { scope: 'workspace', value: found?.workspaceValue },
    // A window with one folder and no workspace file gives the same values twice.
    { scope: 'folder', value: hasWorkspaceFile() ? found?.workspaceFolderValue : undefined },
  ];
  const set = all.filter(({ value }) => value !== undefined);
  if (vscode.workspace.isTrusted || !restricted.includes(id)) return { values: set, ignored: false, withheld: [] };
  const withheld = set.filter(({ scope }) => scope !== 'user');
  return { values: set.filter(({ scope }) => scope === 'user'), ignored: withheld.length > 0, withheld };
}

/** Writes the value one scope has; the other scopes keep theirs. `undefined` takes the value away. */
export async function writeStored(id: SettingId, value: unknown, scope: Scope, resource: vscode.Uri | undefined): Promise<void> {
  await vscode.workspace.getConfiguration(undefined, resource ?? null).update(id, value, targetOf(scope));
}

/** The scope that "this workspace" means for a document: its folder where a workspace file may hold several, else the workspace; undefined without one. */
export function workspaceScope(resource: vscode.Uri | undefined): Scope | undefined {
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) return undefined;
  return hasWorkspaceFile() && resource && vscode.workspace.getWorkspaceFolder(resource) ? 'folder' : 'workspace';
}

/** The folder whose settings count for a document: its own, or the first one. */
export function folderOf(resource: vscode.Uri | undefined): vscode.WorkspaceFolder | undefined {
  return (resource && vscode.workspace.getWorkspaceFolder(resource)) ?? vscode.workspace.workspaceFolders?.[0];
}

/**
 * The file that holds a scope's values: where "related information" leads.
 * @param user the user's settings.json, where it is known
 */
export function settingsFile(scope: Scope, resource: vscode.Uri | undefined, user?: vscode.Uri): vscode.Uri {
  const folder = folderOf(resource);
  const shared = vscode.workspace.workspaceFile;
  if (scope === 'workspace' && shared?.scheme === 'file') return shared;
  if (scope !== 'user' && folder) return vscode.Uri.joinPath(folder.uri, '.vscode', 'settings.json');
  return user ?? vscode.Uri.parse('vscode-userdata:/User/settings.json');
}

const hasWorkspaceFile = (): boolean => vscode.workspace.workspaceFile !== undefined;

function targetOf(scope: Scope): vscode.ConfigurationTarget {
  switch (scope) {
    case 'user': return vscode.ConfigurationTarget.Global;
    case 'workspace': return vscode.ConfigurationTarget.Workspace;
    case 'folder': return vscode.ConfigurationTarget.WorkspaceFolder;
  }
}
