// The build stages of a file, and which texts name one of them.
import { said } from '../said.ts';
import type { BuildArguments } from './buildArguments.ts';
import { toLower } from './goText.ts';
import type { ImageUses } from './imageUses.ts';
import type { Instruction } from './instruction.ts';
import { parsePlatform } from './platform.ts';
import { quote, type Problems } from './problems.ts';
import { isAs, stageNameOf } from './stageNames.ts';
import { blankSeparated, type Word } from './words.ts';

export interface Stage {
  readonly index: number;
  /** Lower case. */
  readonly name?: string;
  readonly from: Instruction;
  /** The instructions behind its FROM. */
  readonly commands: readonly Instruction[];
}

export interface FilePlan {
  /** Before the first FROM; only ARG has a place there. */
  readonly preamble: readonly Instruction[];
  readonly stages: readonly Stage[];
}

export function planStages(instructions: readonly Instruction[]): FilePlan {
  const preamble: Instruction[] = [];
  const stages: (Stage & { readonly commands: Instruction[] })[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === 'from') {
      const name = nameOf(instruction);
      stages.push({ index: stages.length, from: instruction, commands: [], ...(name === undefined ? {} : { name }) });
    } else (stages.at(-1)?.commands ?? preamble).push(instruction);
  }
  return { preamble, stages };
}

/** A name BuildKit refuses still names the stage here, so that uses of it are not taken for images. */
function nameOf(from: Instruction): string | undefined {
  const [, as, name] = wordsOf(from);
  if (as === undefined || name === undefined || !isAs(as.text)) return undefined;
  return stageNameOf(name.text) ?? toLower(name.text);
}

function wordsOf({ line, argumentsStart, end }: Instruction): readonly Word[] {
  return blankSeparated(line.text, argumentsStart, end);
}

/** What the FROM lines come to. */
export class StageGraph {
  readonly stages: readonly Stage[];
  /** Stage by lower-case name; of stages with one name the last. */
  readonly #byName = new Map<string, number>();
  /** The stage each stage begins from, by index. */
  readonly #bases = new Map<number, number>();

  /** Adds the image of each FROM that names one: what equals the name of an earlier stage, in lower case, is that stage. */
  constructor(stages: readonly Stage[], variables: BuildArguments, uses: ImageUses, problems: Problems) {
    this.stages = stages;
    for (const stage of stages) {
      this.#readFrom(stage, variables, uses, problems);
      if (stage.name !== undefined) this.#byName.set(stage.name, stage.index);
    }
  }

  /** For `COPY --from` and mounts: any stage of the file, whatever the case. */
  find(name: string): number | undefined {
    return this.#byName.get(toLower(name));
  }

  baseOf(stage: Stage): Stage | undefined {
    const index = this.#bases.get(stage.index);
    return index === undefined ? undefined : this.stages[index];
  }

  #readFrom(stage: Stage, variables: BuildArguments, uses: ImageUses, problems: Problems): void {
    const { line } = stage.from;
    const [word] = wordsOf(stage.from);
    if (word === undefined) return;
    const range = line.range(word.start, word.end);
    const { text, uses: used, error } = variables.expand(word.text);
    if (error) problems.add('stages', range, error.said);
    else if (text === '') problems.add('stages', range, said`${quote(word.text)} comes to an empty image reference.`);
    const platform = platformOf(stage.from, variables, problems);
    const base = error ? undefined : this.#byName.get(text);
    if (base !== undefined) {
      this.#bases.set(stage.index, base);
      return;
    }
    if (text === 'scratch') return;
    uses.add({
      kind: 'from', line: line.firstLine, range, raw: word.text, text: error ? word.text : text, variables: used,
      stage: stage.name ?? stage.index, platform, error, phase: 'references',
    });
  }
}

function platformOf({ line, flags }: Instruction, variables: BuildArguments, problems: Problems): string | undefined {
  const flag = flags.find(({ name }) => name === '--platform');
  if (flag?.value === undefined || flag.value === '') return undefined;
  const span = flag.span('--platform='.length, flag.text.length);
  const { text, error } = variables.expand(flag.value);
  if (!error && parsePlatform(text)) return text;
  const reason = error ? error.said : text === '' ? said`The platform ${quote(flag.value)} comes to nothing.` : said`${quote(text)} is no platform.`;
  problems.add('stages', line.range(span.start, span.end), reason);
  return undefined;
}
