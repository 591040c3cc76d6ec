// The variables a FROM line can use: platform arguments, and every ARG before the first FROM.
import { expand, type ExpansionBudget, type Expansion } from './expand.ts';
import type { DockerfileOptions, TextRange } from './imageUse.ts';
import type { Instruction } from './instruction.ts';
import { formatPlatform, parsePlatform, type Platform } from './platform.ts';
import type { Problems } from './problems.ts';
import type { Binding } from './variables.ts';
import { quotedWords, type Word } from './words.ts';

const defaultPlatform: Platform = { os: 'linux', osVersion: '', architecture: 'amd64', variant: '' };

export class BuildArguments {
  readonly #given: ReadonlyMap<string, string>;
  readonly #escape: string;
  readonly #budget: ExpansionBudget;
  readonly #bindings = new Map<string, Binding>();
  readonly #declarations = new Map<string, TextRange>();

  /** @param targetStage name of the last stage, `default` when it has none */
  constructor(options: DockerfileOptions, targetStage: string, escape: string, budget: ExpansionBudget) {
    this.#given = new Map(Object.entries(options.buildArgs));
    this.#escape = escape;
    this.#budget = budget;
    const platform = parsePlatform(options.platform ?? '') ?? defaultPlatform;
    for (const [name, value] of platformArguments(platform, targetStage)) {
      const given = this.#given.get(name);
      this.#bindings.set(name, {
        value: given ?? value,
        origin: { name, kind: given === undefined ? 'platform' : 'setting', value: given ?? value },
        uses: [],
      });
    }
  }

  /** An ARG before the first FROM: each default is expanded at once with what is known above it. */
  declare(instruction: Instruction, problems: Problems): void {
    const { line, argumentsStart, end } = instruction;
    for (const word of quotedWords(line.text, argumentsStart, end, this.#escape)) this.#declareOne(instruction, word, problems);
  }

  /** Expands a word of a FROM line. */
  expand(word: string): Expansion {
    const expansion = expand(word, { escape: this.#escape, budget: this.#budget, lookup: (name) => this.#bindings.get(name) });
    const uses = expansion.uses.map((use) => {
      const declaration = use.binding ? undefined : this.#declarations.get(use.name);
      return declaration ? { ...use, declaration } : use;
    });
    return { ...expansion, uses };
  }

  #declareOne({ line }: Instruction, word: Word, problems: Problems): void {
    const equals = word.text.indexOf('=');
    const name = equals === -1 ? word.text : word.text.slice(0, equals);
    if (name === '') return;
    const range = line.range(word.start, word.start + name.length);
    this.#declarations.set(name, range);
    const given = this.#given.get(name);
    if (given !== undefined) {
      this.#bindings.set(name, { value: given, origin: { name, kind: 'setting', range, value: given }, uses: [] });
      return;
    }
    if (equals === -1) return;
    const valueRange = line.range(word.start + equals + 1, word.end);
    const { text, uses, error } = this.expand(word.text.slice(equals + 1));
    if (error) {
      problems.add('arguments', valueRange, error.said);
      return;
    }
    this.#bindings.set(name, { value: text, origin: { name, kind: 'arg', range, valueRange, value: text }, uses });
  }
}

function platformArguments(platform: Platform, targetStage: string): readonly (readonly [string, string])[] {
  const parts = (prefix: string): readonly (readonly [string, string])[] => [
    [`${prefix}PLATFORM`, formatPlatform(platform)], [`${prefix}OS`, platform.os], [`${prefix}OSVERSION`, platform.osVersion],
    [`${prefix}ARCH`, platform.architecture], [`${prefix}VARIANT`, platform.variant],
  ];
  return [...parts('BUILD'), ...parts('TARGET'), ['TARGETSTAGE', targetStage]];
}
