// Which policy files count for a document: read when they are first asked about, and again when they change.
import * as vscode from 'vscode';
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import type { PolicyFile } from '../core/policy/demand.ts';
import type { ReadPolicyFile } from '../core/policy/policyProblem.ts';
import { watchPattern } from './fileWatch.ts';
import { SettingValues } from './settingValues.ts';
import { folderOf, type ScopedValue } from './storedSettings.ts';

/** One entry of `countersign.policyFiles`. */
export interface PolicyFileEntry {
  readonly text: string;
  /** Where a relative path starts; undefined without a folder. */
  readonly folder: vscode.Uri | undefined;
  readonly homeDirectory: string;
  /** An untrusted workspace named it: it only adds demands. Files inside an untrusted workspace do so too, whoever names them. */
  readonly restricted: boolean;
  /** Stands for all that are beyond the first so many, which are not read. */
  readonly tooMany?: number;
}

export interface FoundPolicyFiles {
  readonly files: readonly PolicyFile[];
  /** `POLICY_INVALID`, every one: nothing may be called verified. */
  readonly problems: readonly CosignError[];
  /** Every file that is named, whatever became of it. */
  readonly uris: readonly vscode.Uri[];
  /** What to watch. */
  readonly watched: readonly vscode.RelativePattern[];
}

export interface PolicyFilesState {
  readonly files: readonly PolicyFile[];
  readonly problems: readonly CosignError[];
  /** Being read: {@link problems} says so too, for whoever does not wait. */
  readonly pending: boolean;
  /** Every file that is named, whatever became of it. */
  readonly uris: readonly vscode.Uri[];
  /** Another number for other contents, whichever files they come from. */
  readonly version: number;
}

export interface PolicyFileSource {
  /** @throws {CosignError} `POLICY_INVALID`, `POLICY_UNSUPPORTED` */
  readonly read: (uri: string, bytes: Uint8Array) => Promise<ReadPolicyFile>;
  /** The URI of the machine's own containers policy, when it has one. @throws {CosignError} `FILE_UNREADABLE` */
  readonly findContainers: () => Promise<string | undefined>;
  /** Where it may lie, there or not: URIs. */
  readonly containersPlaces: () => Promise<readonly string[]>;
}

export interface PolicyFilesOptions extends PolicyFileSource {
  readonly homeDirectory: string;
}

const none: PolicyFilesState = { files: [], problems: [], uris: [], pending: false, version: 0 };
const maxEntries = 100;
const maxKept = 50;

export class PolicyFiles implements vscode.Disposable {
  readonly #options: PolicyFilesOptions;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #sets = new Map<string, PolicySet>();
  #readings = 0;

  /** Fires when a state is another one than before. */
  readonly onDidChange = this.#changed.event;

  constructor(options: PolicyFilesOptions) {
    this.#options = options;
  }

  /** What is known now; what is not is being read from then on. */
  lookup(values: SettingValues, resource: vscode.Uri | undefined): PolicyFilesState {
    const scopes = values.scopes('countersign.policyFiles');
    // What is no list in an untrusted workspace asks for nothing; it must not hide what the user's policies find.
    const wrong = scopes.find(({ scope, value }) => !isList(value) && (vscode.workspace.isTrusted || scope === 'user'));
    if (wrong) return { ...none, problems: [invalid(said`countersign.policyFiles must be a list of texts.`, said`Correct it in the settings.`)] };
    const entries = this.#entries(scopes, folderOf(resource)?.uri);
    return entries.length === 0 ? none : this.#set(entries).state;
  }

  /** Whether the settings of its folder name a file. */
  isUsed(uri: vscode.Uri): boolean {
    return this.lookup(new SettingValues(uri), uri).uris.some((named) => named.toString() === uri.toString());
  }

  /** Settles when nothing is being read. */
  async whenRead(): Promise<void> {
    for (let set = this.#pending(); set; set = this.#pending()) await set.reading;
  }

  dispose(): void {
    for (const set of this.#sets.values()) set.dispose();
    this.#sets.clear();
    this.#changed.dispose();
  }

  #pending(): PolicySet | undefined {
    return [...this.#sets.values()].find(({ state }) => state.pending);
  }

  /** The most specific list counts whole; where a workspace is not trusted the user's does, and the workspace's adds demands to it. */
  #entries(scopes: readonly ScopedValue[], folder: vscode.Uri | undefined): readonly PolicyFileEntry[] {
    const { homeDirectory } = this.#options;
    const chosen = vscode.workspace.isTrusted ? scopes.slice(-1) : scopes;
    return chosen.flatMap(({ scope, value }) => {
      const list = isList(value) ? value : [];
      const entry = (text: string): PolicyFileEntry => ({ text, folder, homeDirectory, restricted: !vscode.workspace.isTrusted && scope !== 'user' });
      return [...list.slice(0, maxEntries).map(entry), ...(list.length > maxEntries ? [{ ...entry(''), tooMany: maxEntries }] : [])];
    });
  }

  #set(entries: readonly PolicyFileEntry[]): PolicySet {
    const key = JSON.stringify([vscode.workspace.isTrusted, ...entries.map(({ text, folder, restricted, tooMany }) => [text, folder?.toString(), restricted, tooMany])]);
    let set = this.#sets.get(key);
    if (!set) {
      const [oldest] = this.#sets.size >= maxKept ? this.#sets : [];
      if (oldest) {
        oldest[1].dispose();
        this.#sets.delete(oldest[0]);
      }
      set = new PolicySet(entries, this.#options, () => this.#changed.fire(undefined), () => ++this.#readings);
      this.#sets.set(key, set);
    }
    return set;
  }
}

/** The files of one list of entries. */
class PolicySet implements vscode.Disposable {
  readonly #entries: readonly PolicyFileEntry[];
  readonly #source: PolicyFileSource;
  readonly #changed: () => void;
  /** A number that no reading of any set had before. */
  readonly #nextVersion: () => number;
  #watchers = vscode.Disposable.from();
  #version = 0;
  #disposed = false;
  state: PolicyFilesState = pendingState(0);
  reading: Promise<void>;

  constructor(entries: readonly PolicyFileEntry[], source: PolicyFileSource, changed: () => void, nextVersion: () => number) {
    this.#entries = entries;
    this.#source = source;
    this.#changed = changed;
    this.#nextVersion = nextVersion;
    this.reading = this.#start();
  }

  dispose(): void {
    this.#disposed = true;
    this.#watchers.dispose();
  }

  async #start(): Promise<void> {
    const version = this.#nextVersion();
    this.#version = version;
    this.state = pendingState(version);
    const found = await this.#find();
    // Something changed meanwhile: that reading will say.
    if (this.#disposed || version !== this.#version) return;
    this.#watchers.dispose();
    this.#watchers = vscode.Disposable.from(...found.watched.map((pattern) => this.#watch(pattern)));
    this.state = { files: found.files, problems: found.problems, uris: found.uris, pending: false, version };
    this.#changed();
  }

  async #find(): Promise<FoundPolicyFiles> {
    try {
      const { findPolicyFiles } = await import('./policyFileReader.ts');
      return await findPolicyFiles(this.#entries, this.#source);
    } catch (error) {
      return { files: [], problems: [invalid(said`The policy files could not be read.`, undefined, error)], uris: [], watched: [] };
    }
  }

  #watch(pattern: vscode.RelativePattern): vscode.Disposable {
    const again = (): void => {
      this.reading = this.#start();
      this.#changed();
    };
    return watchPattern(pattern, again);
  }
}

/** Blocks every verdict of whoever does not wait. */
function pendingState(version: number): PolicyFilesState {
  return { files: [], problems: [invalid(said`The policy files are still being read.`, said`Verify again.`)], uris: [], pending: true, version };
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((entry) => typeof entry === 'string' && entry.trim() !== '');
const invalid = (message: Said, remedy?: Said, cause?: unknown): CosignError => new CosignError('POLICY_INVALID', message, { ...(remedy === undefined ? {} : { remedy }), ...(cause === undefined ? {} : { cause }) });
