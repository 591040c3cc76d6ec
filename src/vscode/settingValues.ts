// One stored setting → one checked value: a wrong one is reported and the default stands in for it.
import type * as vscode from 'vscode';
import { settingDefaults, settingLimits, type addingSettings, type ClientCertificateSetting, type SettingId, type Settings } from '../contributions.ts';
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import { readStored, type ScopedValue } from './storedSettings.ts';

type Is<T> = (value: unknown) => value is T;

/** Reads settings for one document and gathers what is wrong with them. */
export class SettingValues {
  readonly problems: CosignError[] = [];
  readonly ignored: SettingId[] = [];
  readonly #resource: vscode.Uri | undefined;

  constructor(resource: vscode.Uri | undefined) {
    this.#resource = resource;
  }

  /** The values of every scope that counts, least specific first. */
  scopes(id: SettingId): readonly ScopedValue[] {
    const { values, ignored } = readStored(id, this.#resource);
    if (ignored) this.ignored.push(id);
    return values;
  }

  /**
   * In Restricted Mode the values of the workspace that {@link scopes} leaves out, for what can only add demands.
   * @param use true when everything in them was of use: then they are not among the ignored settings
   */
  additions(id: (typeof addingSettings)[number], use: (values: readonly ScopedValue[]) => boolean): void {
    const { withheld } = readStored(id, this.#resource);
    if (withheld.length === 0 || !use(withheld)) return;
    const at = this.ignored.indexOf(id);
    if (at >= 0) this.ignored.splice(at, 1);
  }

  boolean(id: IdOf<boolean>, ifWrong: boolean = settingDefaults[id]): boolean {
    return this.#read(id, (value): value is boolean => typeof value === 'boolean', ifWrong, said`true or false`);
  }

  text(id: IdOf<string>): string {
    return this.#read(id, (value): value is string => typeof value === 'string', settingDefaults[id], said`a text`);
  }

  choice<K extends SettingId>(id: K, choices: readonly Settings[K][]): Settings[K] {
    const isChoice = (value: unknown): value is Settings[K] => choices.some((choice) => choice === value);
    return this.#read(id, isChoice, settingDefaults[id], said`one of ${choices.map(String).join(', ')}`);
  }

  /** An entry that is none of the choices is left out. */
  choices<K extends 'countersign.codeLens.actions'>(id: K, choices: readonly Settings[K][number][]): Settings[K] {
    const list = this.#read(id, (value): value is readonly unknown[] => Array.isArray(value), settingDefaults[id], said`a list of texts`);
    const right = choices.filter((choice) => list.includes(choice));
    if (list.some((entry) => !right.some((choice) => choice === entry))) this.#wrong(id, said`a list of ${choices.join(', ')}`);
    return right;
  }

  /** Within the limits of the manifest. */
  number(id: keyof typeof settingLimits): number {
    const { minimum, maximum } = settingLimits[id];
    const isNumber = (value: unknown): value is number => typeof value === 'number' && value >= minimum && value <= maximum;
    return this.#read(id, isNumber, settingDefaults[id], said`a number from ${minimum} to ${maximum}`);
  }

  /** An entry that is no text is left out. */
  texts(id: IdOf<readonly string[]>): readonly string[] {
    const list = this.#read(id, (value): value is readonly unknown[] => Array.isArray(value), settingDefaults[id], said`a list of texts`);
    return list.filter((entry): entry is string => this.#entry(id, entry, typeof entry === 'string' && entry !== ''));
  }

  /** Entries of all scopes together, the most specific one counting; an entry that is no text is left out. */
  textMap(id: IdOf<Readonly<Record<string, string>>>): ReadonlyMap<string, { readonly value: string; readonly scope: ScopedValue['scope'] }> {
    const all = new Map<string, { value: string; scope: ScopedValue['scope'] }>();
    for (const { scope, value } of this.scopes(id)) {
      if (!isRecord(value)) {
        this.#wrong(id, said`an object of texts`);
        continue;
      }
      for (const [name, entry] of Object.entries(value)) {
        all.delete(name);
        if (this.#entry(id, entry, typeof entry === 'string') && typeof entry === 'string') all.set(name, { value: entry, scope });
      }
    }
    return all;
  }

  /** Entries of all scopes together, the most specific one counting; an entry that is not two paths is left out. */
  certificatePairs(id: 'countersign.registries.clientCertificates'): ReadonlyMap<string, ClientCertificateSetting & { readonly scope: ScopedValue['scope'] }> {
    const all = new Map<string, ClientCertificateSetting & { scope: ScopedValue['scope'] }>();
    for (const { scope, value } of this.scopes(id)) {
      if (!isRecord(value)) {
        this.#wrong(id, said`an object of hosts`);
        continue;
      }
      for (const [host, entry] of Object.entries(value)) {
        all.delete(host);
        const { cert, key } = isRecord(entry) ? entry : {};
        if (typeof cert === 'string' && cert !== '' && typeof key === 'string' && key !== '') all.set(host, { cert, key, scope });
        else this.problems.push(fault(said`${id} needs the paths "cert" and "key" for "${host.slice(0, 80)}".`));
      }
    }
    return all;
  }

  #read<T>(id: SettingId, isRight: Is<T>, ifWrong: T, expected: Said): T {
    const stored = this.scopes(id).at(-1);
    if (stored === undefined) return defaultOf(id, isRight, ifWrong);
    if (isRight(stored.value)) return stored.value;
    this.#wrong(id, expected);
    return ifWrong;
  }

  #entry(id: SettingId, entry: unknown, right: boolean): boolean {
    if (!right) this.problems.push(fault(said`${id} has an entry that is not a text: ${JSON.stringify(entry).slice(0, 80)}.`));
    return right;
  }

  #wrong(id: SettingId, expected: Said): void {
    this.problems.push(fault(said`${id} must be ${expected}.`));
  }
}

type IdOf<T> = { readonly [K in SettingId]: Settings[K] extends T ? (T extends Settings[K] ? K : never) : never }[SettingId];

function defaultOf<T>(id: SettingId, isRight: Is<T>, otherwise: T): T {
  const value: unknown = settingDefaults[id];
  return isRight(value) ? value : otherwise;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const fault = (message: Said): CosignError => new CosignError('SETTING_INVALID', message, { remedy: said`Correct it in the settings.` });
