// Settings of the fake editor: defaults, user, workspace and folder values, merged and written as VS Code does.
import { settingDefaults } from '../../../src/contributions.ts';
import { EventEmitter } from './events.ts';
import { ConfigurationTarget } from './values.ts';

type Values = Record<string, unknown>;
export interface ConfigurationChange { affectsConfiguration(section: string, scope?: unknown): boolean }

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

export class FakeConfiguration {
  readonly defaults: Values = { ...settingDefaults };
  user: Values = {};
  workspace: Values = {};
  folder: Values = {};
  /** Every write, in order. */
  writes: { id: string; value: unknown; target: unknown }[] = [];
  /** When set, the next write fails with it. */
  failure: Error | undefined;
  readonly onDidChange = new EventEmitter<ConfigurationChange>();

  /** What the editor gives for the folder: in a window without a workspace file the workspace's values again. */
  folderValue(id: string): unknown { return this.hasWorkspaceFile() ? this.folder[id] : this.workspace[id]; }
  hasWorkspaceFile: () => boolean = () => false;

  section(section = ''): object {
    const full = (key: string): string => (section === '' ? key : `${section}.${key}`);
    return {
      inspect: (key: string) => {
        const id = full(key);
        return { key: id, defaultValue: this.defaults[id], globalValue: this.user[id], workspaceValue: this.workspace[id], workspaceFolderValue: this.folderValue(id) };
      },
      get: (key: string, fallback?: unknown) => {
        const values = [this.defaults, this.user, this.workspace, this.folder].map((scope) => scope[full(key)]).filter((value) => value !== undefined);
        if (values.length === 0) return fallback;
        return values.every(isObject) ? Object.assign({}, ...values) as unknown : values.at(-1);
      },
      update: (key: string, value: unknown, target: unknown): Promise<void> => {
        if (this.failure) return Promise.reject(this.failure);
        const id = full(key);
        this.writes.push({ id, value, target });
        const scope = target === ConfigurationTarget.Global ? this.user : target === ConfigurationTarget.Workspace ? this.workspace : this.folder;
        if (value === undefined) Reflect.deleteProperty(scope, id);
        else scope[id] = value;
        this.changed(id);
        return Promise.resolve();
      },
    };
  }

  /** Tells the extension that these settings are other ones now. */
  changed(...ids: readonly string[]): void {
    this.onDidChange.fire({ affectsConfiguration: (section) => ids.some((id) => id === section || id.startsWith(`${section}.`)) });
  }
}
