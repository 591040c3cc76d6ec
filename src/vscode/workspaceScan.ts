// One look at all Dockerfiles of the workspace: reads every file, asks once for each distinct image, and hands on results as they come.
import * as vscode from 'vscode';
import { sizeText } from '../core/encoding/sizeText.ts';
import type { Engine, VerifyQuery } from '../core/engine.ts';
import { CosignError, toCosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { Verdict } from '../core/policy/verdict.ts';
import { inParallel } from '../core/signing/inParallel.ts';
import type { UseState, UseWithState } from '../presentation/useState.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { hasKeys, type FileTrust } from './fileTrust.ts';
import type { ScanRound } from './scanRound.ts';
import type { ResourceSettings, Settings } from './settings.ts';
import { folderOf } from './storedSettings.ts';
import { blockingProblem } from './trustReader.ts';
import { isResolved, queryOf, type ResolvedUse } from './verdictStore.ts';
import type { WorkspaceResults } from './workspaceResults.ts';

/** A larger file is no Dockerfile that anybody wrote. */
const maxFileBytes = 1024 * 1024;
/** How many files are read, and how many images are asked for, at a time. */
const atOnce = { reading: 16, verifying: 32 } as const;

/** Nothing is verified twice: the same image under the same trust has one question and one answer. */
interface Question {
  readonly query: VerifyQuery;
  verdict?: Verdict;
  readonly files: Set<ScannedFile>;
}

interface ScannedFile {
  readonly trust: Omit<FileTrust, 'uses' | 'busy'>;
  readonly uses: readonly { readonly use: UseWithState['use']; readonly question?: Question; readonly state?: UseState }[];
  /** Read from an editor, which shows its verdicts itself. */
  readonly open?: { readonly document: vscode.TextDocument; readonly version: number; readonly isDirty: boolean };
}

export interface ScanContext {
  readonly settings: Settings;
  readonly tracker: DockerfileTracker;
  readonly results: WorkspaceResults;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class WorkspaceScan {
  readonly #context: ScanContext;
  readonly #engine: Engine;
  readonly #uris: readonly vscode.Uri[];
  readonly #settings: ReadonlyMap<string, ResourceSettings>;
  readonly #files: ScannedFile[] = [];
  readonly #questions = new Map<string, Question>();
  readonly round: ScanRound;

  private constructor(context: ScanContext, engine: Engine, uris: readonly vscode.Uri[], folders: ReadonlyMap<string, vscode.Uri>) {
    this.#context = context;
    this.#engine = engine;
    this.#uris = uris;
    this.#settings = new Map([...folders].map(([name, uri]) => [name, context.settings.forResource(uri)]));
    this.round = context.results.begin([...this.#settings.values()]);
  }

  /** Reads the policy files first: read later, they would be a change that ends the round. */
  static async begin(context: ScanContext, engine: Engine, uris: readonly vscode.Uri[]): Promise<WorkspaceScan> {
    const folders = new Map(uris.map((uri) => [folderName(uri), uri]));
    for (const uri of [undefined, ...folders.values()]) context.settings.forResource(uri);
    await context.settings.whenRead();
    return new WorkspaceScan(context, engine, uris, folders);
  }

  /** What is known of every file that is still the one that was read; an image without an answer is not verified. */
  files(): readonly FileTrust[] {
    return this.#files.filter((file) => !this.#isOutdated(file)).map((file) => trustOf(file, 'cancelled'));
  }

  /** Files that were changed, or deleted, since they were read. */
  get outdated(): number {
    return this.#files.filter((file) => this.#isOutdated(file)).length;
  }

  /** How many distinct images there are, and of how many there is a verdict. */
  get images(): { readonly total: number; readonly answered: number } {
    const all = [...this.#questions.values()];
    return { total: all.length, answered: all.filter(({ verdict }) => verdict).length };
  }

  /** @throws {vscode.CancellationError} when the round ends or is stopped */
  async read(): Promise<void> {
    await inParallel(this.#uris, atOnce.reading, async (uri) => {
      const file = await this.#readFile(uri);
      this.#files.push(file);
      this.#publish(file, 'pending');
    }, this.round.signal);
  }

  /** Every image once. @throws {vscode.CancellationError} when the round ends or is stopped */
  async verify(answered: () => void): Promise<void> {
    const { signal } = this.round;
    await inParallel([...this.#questions.values()], atOnce.verifying, async (question) => {
      try {
        question.verdict = await this.#engine.verify(question.query, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        question.verdict = { kind: 'unchecked', reason: toCosignError(error), checkedAt: this.#context.now() };
      }
      answered();
      for (const file of question.files) this.#publish(file, 'pending');
    }, signal);
  }

  /** What was not looked at is not verified, and says so. */
  publishCancelled(): void {
    for (const file of this.#files) this.#publish(file, 'cancelled');
  }

  #publish(file: ScannedFile, otherwise: 'pending' | 'cancelled'): void {
    if (!file.open) this.round.put(trustOf(file, otherwise));
  }

  #isOutdated({ trust: { uri }, open }: ScannedFile): boolean {
    if (this.round.isChanged(uri)) return true;
    return open !== undefined && (open.document.isClosed ? open.isDirty : open.document.version !== open.version);
  }

  /** One that cannot be read is a result too: it was not checked. */
  async #readFile(uri: vscode.Uri): Promise<ScannedFile> {
    const { settings, tracker, now } = this.#context;
    const own = this.#settings.get(folderName(uri)) ?? settings.forResource(uri);
    const document = tracker.has(uri) ? vscode.workspace.textDocuments.find((other) => other.uri.toString() === uri.toString()) : undefined;
    const open = document && { document, version: document.version, isDirty: document.isDirty };
    const base = { uri, version: 0, settings: own, restricted: !vscode.workspace.isTrusted };
    let text: string;
    try {
      text = document ? document.getText() : await readText(uri);
    } catch (error) {
      return { trust: { ...base, failure: toCosignError(error) }, uses: [] };
    }
    const { uses, problem } = this.#engine.readDockerfile(text, own.dockerfile);
    const blocked = blockingProblem(own.trust);
    const file: ScannedFile = {
      trust: { ...base, ...(problem ? { problem } : {}) },
      uses: uses.map((use) => {
        if (!hasKeys({ settings: own })) return { use, state: { kind: 'no keys' } };
        if (!isResolved(use)) return { use, state: { kind: 'unresolved', error: use.unresolved ?? new CosignError('REFERENCE_INVALID', said`"${use.text.slice(0, 200)}" is not an image reference.`) } };
        if (blocked) return { use, state: { kind: 'unchecked', reason: blocked, checkedAt: now() } };
        return { use, question: this.#questionFor(use, own) };
      }),
      ...(open ? { open } : {}),
    };
    for (const { question } of file.uses) question?.files.add(file);
    return file;
  }

  #questionFor(use: ResolvedUse, settings: ResourceSettings): Question {
    const { reference, platform } = use;
    const { trust, signing } = settings;
    const problems = trust.problems.map(({ message }) => message);
    // The same file may count whole in one folder, and in another only for what it demands.
    const files = (trust.files ?? []).map(({ uri, demandsOnly }) => [uri, demandsOnly === true]);
    const key = JSON.stringify([reference.registry, reference.repository, reference.tag, reference.digest, platform, signing.repository, trust.keys, trust.policies, files, problems]);
    const known = this.#questions.get(key);
    if (known) return known;
    const question: Question = { query: queryOf(use, settings, false), files: new Set() };
    this.#questions.set(key, question);
    return question;
  }
}

/** Settings of resources are those of their folder. */
const folderName = (uri: vscode.Uri): string => folderOf(uri)?.uri.toString() ?? '';

function trustOf(file: ScannedFile, otherwise: 'pending' | 'cancelled'): FileTrust {
  const missing: UseState = otherwise === 'pending' ? { kind: 'pending' } : { kind: 'waiting', for: 'cancelled' };
  const uses = file.uses.map(({ use, question, state }) => ({ use, state: state ?? question?.verdict ?? missing }));
  return { ...file.trust, uses, busy: uses.some(({ state }) => state.kind === 'pending') };
}

async function readText(uri: vscode.Uri): Promise<string> {
  const name = vscode.workspace.asRelativePath(uri);
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > maxFileBytes) throw new CosignError('SIZE_LIMIT', said`${name} is larger than ${sizeText(maxFileBytes)}.`);
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    if (error instanceof CosignError) throw error;
    throw new CosignError('FILE_UNREADABLE', said`${name} cannot be read.`, { cause: error });
  }
}
