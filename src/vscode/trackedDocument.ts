// One open Dockerfile: when it is read, when its images are verified, and what is known about them now.
import * as vscode from 'vscode';
import type { DockerfileImages, ImageUse } from '../core/dockerfile/images.ts';
import { CosignError, toCosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { UseState } from '../presentation/useState.ts';
import { DriftStore } from './driftStore.ts';
import type { EngineHandle } from './engineHandle.ts';
import { describeFailure } from './failureLog.ts';
import { hasKeys, type FileTrust } from './fileTrust.ts';
import { toRange } from './places.ts';
import type { ResourceSettings, Settings } from './settings.ts';
import { blockingProblem } from './trustReader.ts';
import { isResolved, VerdictStore, type ResolvedUse } from './verdictStore.ts';

/** A longer text is not read at every keystroke, only when typing pauses. In UTF-16 units. */
const readAtOnceLimit = 256 * 1024;
/** How old an unchecked verdict must be to be tried again by itself, in milliseconds. */
const retryAfterMs = 60_000;

export interface TrackingOptions {
  readonly engine: EngineHandle;
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly publish: (trust: FileTrust) => void;
  readonly log: vscode.LogOutputChannel;
}

export interface VerifyOptions {
  /** Past every cache. */
  readonly fresh: boolean;
  /** Only the references that touch this range. */
  readonly range?: vscode.Range;
}

export class TrackedDocument implements vscode.Disposable {
  readonly document: vscode.TextDocument;
  readonly #options: TrackingOptions;
  readonly #verdicts: VerdictStore;
  readonly #drifts: DriftStore;
  #settings: ResourceSettings;
  #asked: string;
  #images: DockerfileImages | undefined;
  #version = -1;
  #failure: CosignError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Unresolved texts that stood there when typing last paused: those are mistakes, the others are being typed. */
  #settled = new Set<string>();
  #visible = false;
  #loading: Promise<void> | undefined;
  #disposed = false;

  constructor(document: vscode.TextDocument, options: TrackingOptions) {
    this.document = document;
    this.#options = options;
    this.#settings = options.settings.forResource(document.uri);
    this.#asked = this.#fingerprint();
    this.#verdicts = new VerdictStore({ changed: () => this.#answered(), now: options.now });
    this.#drifts = new DriftStore(() => this.#publish());
  }

  /** Nothing is read before it is seen: the editor opens documents for many reasons. */
  setVisible(visible: boolean): void {
    const appeared = visible && !this.#visible;
    this.#visible = visible;
    if (appeared) void this.#start();
  }

  edited(): void {
    if (!this.#images && !this.#visible) return;
    if (this.#images && this.document.getText().length <= readAtOnceLimit) {
      this.#schedule();
      this.#read();
      this.#publish();
    } else this.#schedule();
  }

  saved(): void {
    if (this.#settings.verifyOn === 'manual' || !this.#visible) return;
    this.#settle();
    this.#verifySome((use) => {
      const verdict = this.#verdicts.find(use)?.verdict;
      return this.#settings.verifyOn === 'save' || verdict?.kind !== 'unchecked';
    });
  }

  /** Settings, trust or a key file changed; verdicts given under other ones are dropped. */
  settingsChanged({ keysChanged = false } = {}): void {
    this.#settings = this.#options.settings.forResource(this.document.uri);
    const asked = this.#fingerprint();
    const other = asked !== this.#asked || keysChanged;
    this.#asked = asked;
    if (other) this.#verdicts.clear();
    if (other || !this.#settings.checkDrift) this.#drifts.clear();
    if (!this.#images) return;
    this.#read();
    if (this.#visible && this.#settings.verifyOn !== 'manual') this.#verifyUnknown();
    this.#answered();
  }

  /** Tries once more, by itself, what could not be checked a while ago. */
  retryUnchecked(): void {
    const engine = this.#options.engine.ready;
    if (!engine || !this.#visible) return;
    const due = this.#verifiable().filter((use) => {
      const entry = this.#verdicts.find(use);
      return entry?.verdict?.kind === 'unchecked' && !entry.run && !entry.retried && this.#options.now() - entry.verdict.checkedAt >= retryAfterMs;
    });
    for (const use of due) void this.#verdicts.ask(use, engine, this.#settings, { fresh: false, retry: true });
    if (due.length > 0) this.#publish();
  }

  /** Verifies because a person asked; settles when all is known, rejects with the signal's reason when stopped. */
  async verify({ fresh, range }: VerifyOptions, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#load();
    await this.#options.settings.whenRead();
    signal.throwIfAborted();
    const engine = this.#options.engine.ready;
    if (this.#failure) throw this.#failure;
    if (!engine || this.#disposed) return;
    this.#settle();
    const uses = this.#verifiable().filter((use) => !range || toRange(use.range).intersection(range) !== undefined);
    const stop = (): void => {
      for (const use of uses) this.#verdicts.cancel(use);
      this.#publish();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      const tasks = uses.map((use) => this.#verdicts.ask(use, engine, this.#settings, { fresh }));
      this.#publish();
      await Promise.race([Promise.all(tasks), aborted(signal)]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    signal.throwIfAborted();
  }

  get trust(): FileTrust {
    const images = this.#images;
    return {
      uri: this.document.uri,
      version: this.#version,
      uses: (images?.uses ?? []).map((use) => {
        const drift = isResolved(use) ? this.#drifts.find(use) : undefined;
        return { use, state: this.#stateOf(use), ...(drift ? { drift } : {}) };
      }),
      ...(images?.problem ? { problem: images.problem } : {}),
      ...(this.#failure ? { failure: this.#failure } : {}),
      settings: this.#settings,
      restricted: !vscode.workspace.isTrusted,
      busy: this.#verdicts.busy,
    };
  }

  /** Settles when the text has been read, or cannot be. */
  whenRead(): Promise<void> {
    return this.#load();
  }

  /** Settles when nothing is being read or verified. */
  async whenIdle(): Promise<void> {
    await this.#loading;
    await this.#options.settings.whenRead();
    while (this.#timer !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    await this.#verdicts.idle();
    await this.#drifts.idle();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#verdicts.clear();
    this.#drifts.clear();
  }

  async #start(): Promise<void> {
    await this.#load();
    if (this.#disposed || this.#failure) return;
    if (this.#timer === undefined) this.#settle();
    if (this.#settings.verifyOn !== 'manual' && this.#visible) this.#verifyUnknown();
    this.#answered();
  }

  /** Loads the engine and reads the document for the first time. */
  #load(): Promise<void> {
    if (this.#options.engine.ready) {
      this.#failure = undefined;
      if (this.#version !== this.document.version) this.#read();
      return Promise.resolve();
    }
    this.#loading ??= this.#options.engine.get().then(() => {
      this.#failure = undefined;
      this.#read();
    }, (error: unknown) => {
      this.#failure = toCosignError(error);
      this.#publish();
    }).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  #read(): void {
    const engine = this.#options.engine.ready;
    if (!engine || this.#disposed) return;
    try {
      this.#images = engine.readDockerfile(this.document.getText(), this.#settings.dockerfile);
      this.#version = this.document.version;
      const uses = this.#images.uses.filter(isResolved);
      this.#verdicts.keepOnly(uses);
      this.#drifts.keepOnly(uses);
    } catch (error) {
      this.#options.log.error(`${vscode.workspace.asRelativePath(this.document.uri)} could not be read.`, describeFailure(error));
      this.#failure = toCosignError(error);
    }
  }

  /** When all verdicts are there, and only then, asks whether pinned tags have moved: never in Restricted Mode. */
  #answered(): void {
    const engine = this.#options.engine.ready;
    if (engine && this.#settings.checkDrift && vscode.workspace.isTrusted && this.#visible && !this.#disposed && !this.#verdicts.busy) {
      for (const use of this.#verifiable()) this.#drifts.ask(use, this.#verdicts.find(use)?.verdict, engine, this.#settings);
    }
    this.#publish();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#settle();
      if (this.#settings.verifyOn === 'type' && this.#visible) this.#verifyUnknown();
      this.#publish();
    }, this.#settings.debounceMs);
  }

  /** Typing has paused: what stands there now is meant. */
  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#version !== this.document.version) this.#read();
    this.#settled = new Set((this.#images?.uses ?? []).filter(({ unresolved }) => unresolved).map(({ raw }) => raw));
  }

  #verifyUnknown(): void {
    this.#verifySome((use) => this.#verdicts.find(use)?.verdict === undefined);
  }

  #verifySome(wanted: (use: ResolvedUse) => boolean): void {
    const engine = this.#options.engine.ready;
    if (!engine) return;
    for (const use of this.#verifiable().filter(wanted)) void this.#verdicts.ask(use, engine, this.#settings, { fresh: false });
    this.#publish();
  }

  /** None where there is no key to verify with: then the engine is not asked at all. */
  #verifiable(): readonly ResolvedUse[] {
    const { trust } = this.#settings;
    if (!hasKeys({ settings: this.#settings }) || blockingProblem(trust)) return [];
    return (this.#images?.uses ?? []).filter(isResolved);
  }

  #stateOf(use: ImageUse): UseState {
    if (!hasKeys({ settings: this.#settings })) return { kind: 'no keys' };
    if (!isResolved(use)) return this.#unresolvedState(use);
    // Soon there will be more to say; until then nothing is.
    if (this.#settings.policyFiles.pending) return { kind: 'pending' };
    const blocked = blockingProblem(this.#settings.trust);
    if (blocked) return { kind: 'unchecked', reason: blocked, checkedAt: this.#options.now() };
    const entry = this.#verdicts.find(use);
    if (entry?.verdict && !(entry.run && entry.verdict.kind === 'unchecked')) return entry.verdict;
    if (entry?.run) return { kind: 'pending' };
    if (entry?.cancelled) return { kind: 'waiting', for: 'cancelled' };
    return this.#settings.verifyOn === 'type' ? { kind: 'pending' } : { kind: 'waiting', for: this.#settings.verifyOn };
  }

  #unresolvedState(use: ImageUse): UseState {
    if (this.#timer !== undefined && !this.#settled.has(use.raw)) return { kind: 'pending' };
    return { kind: 'unresolved', error: use.unresolved ?? new CosignError('REFERENCE_INVALID', said`"${use.text.slice(0, 200)}" is not an image reference.`) };
  }

  /** Only what is about the text as it stands: an answer about an older one waits for the next reading. */
  #publish(): void {
    if (this.#disposed || (this.#version !== this.document.version && !this.#failure)) return;
    this.#options.publish(this.trust);
  }

  /** What a verdict depends on besides the image. */
  #fingerprint(): string {
    const { trust: { keys, policies, problems }, policyFiles, signing } = this.#settings;
    return JSON.stringify([keys, policies, policyFiles, signing.repository, problems.map(({ message }) => message), this.#options.settings.engine()]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
