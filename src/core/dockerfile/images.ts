// Dockerfile text → every image its build would pull, as BuildKit decides it, with ranges and origins.
import { said } from '../said.ts';
import { BuildArguments } from './buildArguments.ts';
import { ExpansionBudget } from './expand.ts';
import { checkProblem, readSyntax } from './frontend.ts';
import { ImageSources } from './imageSources.ts';
import type { DockerfileImages, DockerfileOptions, ImageUse } from './imageUse.ts';
import { ImageUses } from './imageUses.ts';
import { instructionProblem } from './instructionRules.ts';
import { readInstructions, type InstructionList } from './instructions.ts';
import { Problems } from './problems.ts';
import { SourceText } from './sourceText.ts';
import { planStages, StageGraph } from './stages.ts';

export type {
  DockerfileImages, DockerfileOptions, DockerfileProblem, ImageUse, ImageUseKind, TextPosition, TextRange, ValueOrigin,
} from './imageUse.ts';

/**
 * Reads the Dockerfile as BuildKit's Dockerfile frontend does (2026-08), for a build of all its stages.
 * The text is an attacker's: never throws; bounded in time and memory for any text.
 */
export function readDockerfile(text: string, options: DockerfileOptions): DockerfileImages {
  const source = new SourceText(text);
  const problems = new Problems();
  const uses = new ImageUses(problems);

  const frontend = readSyntax(source, options, uses);
  if (text === '') problems.add('file', source.range(0, 0), said`The Dockerfile is empty.`);
  checkProblem(source, problems);
  const list = readInstructions(source, problems);
  judgeInstructions(list, source, problems);

  const { preamble, stages } = planStages(list.instructions);
  const variables = new BuildArguments(options, stages.at(-1)?.name ?? 'default', list.escape, new ExpansionBudget());
  for (const instruction of preamble) if (instruction.keyword === 'arg') variables.declare(instruction, problems);
  const graph = new StageGraph(stages, variables, uses, problems);
  new ImageSources({ graph, escape: list.escape, uses, problems, buildArgs: options.buildArgs }).readAll(preamble);

  const problem = frontend === 'other' ? undefined : problems.first;
  const finalBase = finalBaseOf(graph, uses.all);
  return { uses: uses.all, ...(problem ? { problem } : {}), ...(finalBase ? { finalBase } : {}) };
}

/** The image under the last stage, whatever stages lie between. */
function finalBaseOf(graph: StageGraph, uses: readonly ImageUse[]): ImageUse | undefined {
  let stage = graph.stages.at(-1);
  for (let below = stage && graph.baseOf(stage); below; below = graph.baseOf(below)) stage = below;
  return uses.find(({ kind, line, stage: of }) => kind === 'from' && stage !== undefined && (of === stage.name || of === stage.index) && line === stage.from.line.range(stage.from.start, stage.from.start).start.line);
}

function judgeInstructions({ instructions, escape }: InstructionList, source: SourceText, problems: Problems): void {
  let inStage = false;
  for (const instruction of instructions) {
    const { keyword, line, start, keywordEnd } = instruction;
    const refusal = instructionProblem(instruction, escape);
    if (refusal) problems.add('instructions', line.range(refusal.start, refusal.end), refusal.message);
    if (keyword === 'from') inStage = true;
    else if (!inStage && keyword !== 'arg') problems.add('instructions', line.range(start, keywordEnd), said`Only ARG may stand before the first FROM.`);
  }
  if (!inStage) problems.add('instructions', source.range(0, 0), said`The file has no FROM: there is no stage to build.`);
}
