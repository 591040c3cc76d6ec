// Images that COPY, RUN --mount and ONBUILD name within the stages.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { expand } from './expand.ts';
import type { ImageUseKind } from './imageUse.ts';
import type { ImageUses } from './imageUses.ts';
import { parseInstruction, type Instruction } from './instruction.ts';
import { formProblem } from './instructionForm.ts';
import { instructionProblem } from './instructionRules.ts';
import { hasVariable, mountFieldProblem, mountsOf } from './mounts.ts';
import type { Problems } from './problems.ts';
import { quote } from './problems.ts';
import type { Stage, StageGraph } from './stages.ts';
import { wordProblem } from './wordRules.ts';
import type { Span } from './flags.ts';

/** ONBUILD's text is read again by the stage that runs it, without the directive of this file. */
const triggerEscape = '\\';

export interface SourceContext {
  readonly graph: StageGraph;
  readonly escape: string;
  readonly uses: ImageUses;
  readonly problems: Problems;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Where a source is named, and by which stage it would be used. */
interface Place {
  readonly instruction: Instruction;
  readonly kind: ImageUseKind;
  readonly span: Span;
  /** Undefined outside every stage. */
  readonly stage: Stage | undefined;
  /** Whether what is wrong with it refuses this build. */
  readonly builds: boolean;
}

export class ImageSources {
  readonly #context: SourceContext;
  /** BuildKit appends every image named as a source to its list of stages: `COPY --from=1` may count one of them. */
  #listed: number;

  constructor(context: SourceContext) {
    this.#context = context;
    this.#listed = context.graph.stages.length;
  }

  readAll(preamble: readonly Instruction[]): void {
    for (const instruction of preamble) this.#read(instruction, undefined);
    for (const stage of this.#context.graph.stages) {
      const base = this.#context.graph.baseOf(stage);
      for (const instruction of base?.commands ?? []) if (instruction.keyword === 'onbuild') this.#judgeTrigger(instruction, stage);
      for (const instruction of stage.commands) this.#read(instruction, stage);
    }
  }

  #read(instruction: Instruction, stage: Stage | undefined): void {
    if (instruction.keyword === 'onbuild') {
      const trigger = triggerOf(instruction);
      if (trigger) this.#readSources(trigger, stage, 'onbuild');
      return;
    }
    this.#readSources(instruction, stage);
    if (stage === undefined) return;
    const { escape, buildArgs, problems } = this.#context;
    const refusal = wordProblem(instruction, escape, buildArgs);
    if (refusal) problems.add('dispatch', instruction.line.range(refusal.start, refusal.end), refusal.message);
  }

  #readSources(instruction: Instruction, stage: Stage | undefined, kind?: 'onbuild'): void {
    const builds = kind === undefined && stage !== undefined;
    if (instruction.keyword === 'copy') {
      for (const flag of instruction.flags) {
        if (flag.name !== '--from' || flag.value === undefined || flag.value === '') continue;
        const span = flag.span('--from='.length, flag.text.length);
        this.#readCopySource(flag.value, { instruction, kind: kind ?? 'copy-from', span, stage, builds });
      }
    } else if (instruction.keyword === 'run') {
      for (const { flag, fields } of mountsOf(instruction)) {
        const from = fields.findLast(({ key, value }) => key === 'from' && value !== undefined);
        const span = from ? flag.span(from.from, from.to) : { start: flag.start, end: flag.end };
        this.#readMountSource(from?.value ?? '', { instruction, kind: kind ?? 'mount-from', span, stage, builds });
        const refusal = mountFieldProblem(fields);
        if (refusal !== undefined && builds) this.#context.problems.add('dispatch', instruction.line.range(flag.start, flag.end), refusal);
      }
    }
  }

  #readCopySource(value: string, place: Place): void {
    const { graph, escape } = this.#context;
    const { text, error } = expand(value, { escape, lookup: () => undefined });
    if (error ?? text !== value) {
      this.#refuseVariable(value, place, said`Variables and quotes are not expanded in COPY --from; name a stage FROM the variable instead.`);
      return;
    }
    const index = indexOf(value);
    if (index === undefined) {
      this.#readNamed(value, place);
      return;
    }
    if (!place.builds) return;
    if (index < 0 || index >= this.#listed) this.#refuse(place, 'sources', said`There is no stage ${quote(value)}: the file has ${graph.stages.length}, counted from 0.`);
    else if (index < graph.stages.length) this.#checkOrder(index, value, place);
  }

  #readMountSource(value: string, place: Place): void {
    if (hasVariable(value)) {
      this.#refuseVariable(value, place, undefined);
    } else if (value !== '') this.#readNamed(value, place);
    else if (place.builds && this.#context.graph.find('scratch') === undefined) this.#listed++;
  }

  #readNamed(value: string, place: Place): void {
    const index = this.#context.graph.find(value);
    if (index !== undefined) {
      if (place.builds) this.#checkOrder(index, value, place);
      return;
    }
    if (place.builds) this.#listed++;
    if (value !== 'scratch') this.#addImage(value, place, undefined);
  }

  #checkOrder(index: number, value: string, place: Place): void {
    const own = place.stage?.index ?? -1;
    if (index === own) this.#refuse(place, 'sources', said`A stage cannot be its own source (${quote(value)}).`);
    else if (index > own) this.#refuse(place, 'dispatch', said`The stage ${quote(value)} is defined only further down.`);
  }

  #refuseVariable(value: string, place: Place, message: Said | undefined): void {
    const sentence = message ?? said`Variables are not expanded in the from of --mount; name a stage FROM the variable instead.`;
    if (message !== undefined && place.builds) this.#refuse(place, 'sources', message);
    this.#addImage(value, place, new CosignError('REFERENCE_INVALID', sentence));
  }

  #refuse({ instruction, span }: Place, phase: 'sources' | 'dispatch', message: Said): void {
    this.#context.problems.add(phase, instruction.line.range(span.start, span.end), message);
  }

  #addImage(text: string, { instruction, kind, span, stage, builds }: Place, error: CosignError | undefined): void {
    const { line } = instruction;
    this.#context.uses.add({
      kind, line: line.firstLine, range: line.range(span.start, span.end), raw: line.text.slice(span.start, span.end), text,
      stage: stage && (stage.name ?? stage.index), error, ...(builds && !error ? { phase: 'references' as const } : {}),
    });
  }

  /** A stage FROM the one that has the ONBUILD runs it: what is wrong with it refuses this build. */
  #judgeTrigger(onbuild: Instruction, child: Stage): void {
    const trigger = triggerOf(onbuild);
    if (trigger === undefined) return;
    const { problems, graph } = this.#context;
    const refusal = formProblem(trigger, triggerEscape) ?? instructionProblem(trigger, triggerEscape);
    if (refusal) problems.add('references', trigger.line.range(refusal.start, refusal.end), refusal.message);
    const names = trigger.keyword === 'copy' ? trigger.flags.filter(({ name }) => name === '--from').map(({ value = '' }) => value)
      : trigger.keyword === 'run' ? mountsOf(trigger).map(({ fields }) => fields.findLast(({ key }) => key === 'from')?.value ?? '') : [];
    for (const name of names) {
      const index = (trigger.keyword === 'copy' ? indexOf(name) : undefined) ?? graph.find(name);
      if (index === undefined || index < child.index) continue;
      const range = child.from.line.range(child.from.start, child.from.end);
      problems.add('dispatch', range, said`The ONBUILD of its base needs the stage ${quote(name)}, which is not built before this one.`);
    }
  }
}

function triggerOf({ line, trigger, end }: Instruction): Instruction | undefined {
  return trigger && parseInstruction(line, trigger.start, end, triggerEscape);
}

/** `strconv.Atoi`. */
function indexOf(text: string): number | undefined {
  const match = /^([+-]?)0*(\d{1,19})$/.exec(text);
  if (!match || BigInt(match[2] ?? '0') > 9_223_372_036_854_775_807n) return undefined;
  return Number(text);
}
