// The one engine of the window: loaded when it is first needed, told about new settings, closed at the end.
import type * as vscode from 'vscode';
import type { Engine, EngineSettings } from '../core/engine.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import { describeFailure } from './failureLog.ts';
import type { Settings } from './settings.ts';

/** Loads the code and makes an engine; called again after it failed. @param report told what of the machine's own files cannot be used */
export type LoadEngine = (settings: EngineSettings, report: (problem: CosignError) => void) => Promise<Engine>;

export class EngineHandle implements vscode.Disposable {
  readonly #load: LoadEngine;
  readonly #settings: Settings;
  readonly #log: vscode.LogOutputChannel;
  readonly #subscription: vscode.Disposable;
  #loading: Promise<Engine> | undefined;
  #engine: Engine | undefined;
  #configured = '';
  #disposed = false;

  constructor(load: LoadEngine, settings: Settings, log: vscode.LogOutputChannel) {
    this.#load = load;
    this.#settings = settings;
    this.#log = log;
    this.#subscription = settings.onDidChange(() => this.#configure());
  }

  /** The engine, when it is loaded: for what must answer at once. */
  get ready(): Engine | undefined {
    return this.#engine;
  }

  /** @throws {CosignError} `INTERNAL` when the code cannot be loaded */
  get(): Promise<Engine> {
    this.#loading ??= this.#start().catch((error: unknown) => {
      this.#loading = undefined;
      throw new CosignError('INTERNAL', said`Countersign could not start verifying.`, { cause: error, remedy: said`Reload the window; if that does not help, install the extension again.` });
    });
    return this.#loading;
  }

  /** Drops what the engine remembers; a key file is another one now. */
  forget(): void {
    this.#engine?.forget();
  }

  async #start(): Promise<Engine> {
    const settings = this.#settings.engine();
    const engine = await this.#load(settings, (problem) => { this.#log.warn(describeFailure(problem)); });
    if (this.#disposed) {
      await engine.dispose();
      throw new Error('closed while loading');
    }
    this.#engine = engine;
    this.#configured = JSON.stringify(settings);
    this.#configure();
    return engine;
  }

  #configure(): void {
    const settings = this.#settings.engine();
    const text = JSON.stringify(settings);
    if (!this.#engine || text === this.#configured) return;
    this.#configured = text;
    try {
      this.#engine.configure(settings);
    } catch (error) {
      this.#log.error('The settings could not be applied.', describeFailure(error));
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#subscription.dispose();
    this.#engine?.dispose().catch((error: unknown) => this.#log.error('The engine did not close.', describeFailure(error)));
    this.#engine = undefined;
  }
}
