// Passwords of private keys: the remembered ones in the editor's secret storage, else the one of the environment. Nothing here shows, logs or sends one.
import type * as vscode from 'vscode';
import type { KeySetting } from '../core/policy/trustPolicy.ts';

/** One secret holds them all, so that forgetting them leaves none behind. */
const secretName = 'countersign.passwords';

export interface KnownPassword {
  readonly password: string;
  readonly from: 'remembered' | 'environment';
}

export interface PasswordSources {
  readonly secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;
  /** `COSIGN_PASSWORD`; set but empty is a password like any other. */
  readonly environment: string | undefined;
}

export class Passwords {
  readonly #sources: PasswordSources;
  /** Reading and writing again is one step: two at once would lose one of them. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(sources: PasswordSources) {
    this.#sources = sources;
  }

  /** What is worth trying before a person is asked, in this order. */
  async known(key: KeySetting): Promise<readonly KnownPassword[]> {
    const remembered = (await this.#read()).get(key.reference);
    const { environment } = this.#sources;
    return [
      ...(remembered === undefined ? [] : [{ password: remembered, from: 'remembered' as const }]),
      ...(environment === undefined ? [] : [{ password: environment, from: 'environment' as const }]),
    ];
  }

  /** Only because the person asked for it. */
  remember(key: KeySetting, password: string): Promise<void> {
    return this.#change((all) => all.set(key.reference, password));
  }

  /** True when there was one. */
  async isRemembered(key: KeySetting): Promise<boolean> {
    return (await this.#read()).has(key.reference);
  }

  async forget(key: KeySetting): Promise<void> {
    if (await this.isRemembered(key)) await this.#change((all) => all.delete(key.reference));
  }

  forgetAll(): Promise<void> {
    return this.#change((all) => { all.clear(); });
  }

  #change(change: (all: Map<string, string>) => unknown): Promise<void> {
    const done = this.#queue.then(async () => {
      const all = new Map(await this.#read());
      change(all);
      if (all.size === 0) await this.#sources.secrets.delete(secretName);
      else await this.#sources.secrets.store(secretName, JSON.stringify(Object.fromEntries(all)));
    });
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #read(): Promise<ReadonlyMap<string, string>> {
    const text = await this.#sources.secrets.get(secretName);
    try {
      const stored: unknown = JSON.parse(text ?? '{}');
      const entries = typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
      return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    } catch {
      // What stands there is none of ours: it is asked anew. The text must not get into a message.
      return new Map();
    }
  }
}
