// The view with the trust tree and the number of untrusted images on its icon; the rows are loaded when the view is first seen.
import * as vscode from 'vscode';
import { trustViewId } from '../contributions.ts';
import { badgeWords, untrustedCount } from '../presentation/trustTreeText.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import type { EngineHandle } from './engineHandle.ts';
import type { FileTrust } from './fileTrust.ts';
import type { TrustNode, TrustTree } from './trustTree.ts';
import { t } from './words.ts';
import type { WorkspaceResults } from './workspaceResults.ts';

/** Verdicts come in swarms: the view is drawn at most this often, in milliseconds. */
const drawEveryMs = 150;

export class TrustTreeView implements vscode.Disposable, vscode.TreeDataProvider<TrustNode> {
  readonly #tracker: DockerfileTracker;
  readonly #results: WorkspaceResults;
  readonly #engine: EngineHandle;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<TrustNode>;
  readonly #disposable: vscode.Disposable;
  #tree: TrustTree | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(tracker: DockerfileTracker, results: WorkspaceResults, engine: EngineHandle) {
    this.#tracker = tracker;
    this.#results = results;
    this.#engine = engine;
    this.#view = vscode.window.createTreeView<TrustNode>(trustViewId, { treeDataProvider: this, showCollapseAll: true });
    const draw = (): void => {
      this.#timer ??= setTimeout(() => this.#draw(), drawEveryMs);
    };
    this.#disposable = vscode.Disposable.from(this.#changed, this.#view, tracker.onDidChange(draw), tracker.onDidClose(draw), results.onDidChange(draw));
  }

  async getChildren(node?: TrustNode): Promise<TrustNode[]> {
    return [...await (await this.#load()).children(node)];
  }

  getTreeItem(node: TrustNode): vscode.TreeItem {
    // Rows come from getChildren: the tree is loaded.
    return this.#tree?.item(node) ?? new vscode.TreeItem('');
  }

  /** Asks registries anew for what is unfolded. */
  refresh(): void {
    this.#tree?.refresh();
    this.#changed.fire(undefined);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#tree?.refresh();
    this.#disposable.dispose();
  }

  async #load(): Promise<TrustTree> {
    if (!this.#tree) {
      const { TrustTree: Tree } = await import('./trustTree.ts');
      this.#tree ??= new Tree({ engine: this.#engine, files: () => this.#files() });
    }
    return this.#tree;
  }

  #files(): readonly FileTrust[] {
    const known = (trust: FileTrust): boolean => trust.version >= 0 || trust.failure !== undefined;
    return [
      ...this.#tracker.all().filter(known),
      ...this.#results.all(),
    ];
  }

  #draw(): void {
    this.#timer = undefined;
    const count = untrustedCount(this.#files().flatMap(({ uses }) => uses));
    this.#view.badge = count === 0 ? undefined : { value: count, tooltip: badgeWords(count, t) };
    this.#changed.fire(undefined);
  }
}
