// Dockerfile text → instructions, as BuildKit's parser cuts it: directives, comments, continuations, flags, JSON, heredocs.
import { said } from '../said.ts';
import { DirectiveReader } from './directives.ts';
import { skipSpace } from './goText.ts';
import { listOf, parseInstruction, type Instruction } from './instruction.ts';
import { formProblem } from './instructionForm.ts';
import { heredocsOf } from './heredocs.ts';
import { LogicalLine, type Piece } from './logicalLine.ts';
import { PhysicalLines, type PhysicalLine } from './physicalLines.ts';
import { quote, type Problems } from './problems.ts';
import type { SourceText } from './sourceText.ts';

export interface InstructionList {
  readonly instructions: readonly Instruction[];
  /** The escape character: `\` or a backtick. */
  readonly escape: string;
}

/** Reads on behind what BuildKit would refuse. */
export function readInstructions(source: SourceText, problems: Problems): InstructionList {
  return new InstructionReader(source, problems).read();
}

class InstructionReader {
  readonly #source: SourceText;
  readonly #problems: Problems;
  readonly #lines: PhysicalLines;
  readonly #directives = new DirectiveReader();
  readonly #instructions: Instruction[] = [];
  #escape = '\\';

  constructor(source: SourceText, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
    this.#lines = new PhysicalLines(source);
  }

  read(): InstructionList {
    const { text } = this.#source;
    for (let physical = this.#next(); physical; physical = this.#next()) {
      const start = skipSpace(text, physical.start, physical.end);
      if (!this.#directives.done) this.#directive(text.slice(start, physical.end), start);
      if (start === physical.end || text[start] === '#') continue;
      const line = this.#join(start, physical);
      const instruction = parseInstruction(line, 0, line.text.length, this.#escape);
      this.#check(instruction);
      this.#instructions.push(instruction);
      this.#skipHeredocs(instruction);
    }
    if (this.#instructions.length === 0) this.#problems.add('parse', this.#source.range(0, 0), said`The file has no instructions.`);
    return { instructions: this.#instructions, escape: this.#escape };
  }

  #next(): PhysicalLine | undefined {
    const line = this.#lines.next();
    if (line?.tooLong === true) {
      this.#problems.add('parse', this.#source.range(line.start, line.start + 1), said`The line is longer than the 65,535 bytes BuildKit takes.`);
    }
    return line;
  }

  #directive(line: string, offset: number): void {
    const directive = this.#directives.read(line);
    if (directive === undefined) return;
    const range = this.#source.range(offset + directive.valueAt, offset + directive.valueAt + directive.value.length);
    if (directive.repeated) {
      this.#problems.add('parse', range, said`Only one "${directive.name}" directive is allowed.`);
    } else if (directive.name === 'escape') {
      if (directive.value === '\\' || directive.value === '`') this.#escape = directive.value;
      else this.#problems.add('parse', range, said`The escape directive is ${quote(directive.value)}; it can be only \\ or \`.`);
    }
  }

  /** Takes in lines for as long as they are continued; comments and empty lines between them are left out. */
  #join(start: number, first: PhysicalLine): LogicalLine {
    const { text } = this.#source;
    let cut = continuationAt(text, start, first.end, this.#escape);
    if (cut === -1) return new LogicalLine(text.slice(start, first.end), [{ at: 0, source: start }], first.number, this.#source);
    const pieces: Piece[] = [{ at: 0, source: start }];
    const parts = [text.slice(start, cut)];
    let length = cut - start;
    while (cut !== -1) {
      const next = this.#next();
      if (next === undefined) break;
      const content = skipSpace(text, next.start, next.end);
      if (content === next.end || text[content] === '#') continue;
      cut = continuationAt(text, next.start, next.end, this.#escape);
      const end = cut === -1 ? next.end : cut;
      if (end > next.start) pieces.push({ at: length, source: next.start });
      parts.push(text.slice(next.start, end));
      length += end - next.start;
    }
    return new LogicalLine(parts.join(''), pieces, first.number, this.#source);
  }

  #check(instruction: Instruction): void {
    const found = formProblem(instruction, this.#escape);
    if (found) this.#problems.add('parse', instruction.line.range(found.start, found.end), found.message);
  }

  #skipHeredocs(instruction: Instruction): void {
    const holder = instruction.keyword === 'onbuild' ? instruction.trigger : instruction;
    if (holder === undefined || listOf(holder)) return;
    if (holder.keyword !== 'run' && holder.keyword !== 'copy' && holder.keyword !== 'add') return;
    const heredocs = heredocsOf(instruction.line.text);
    const range = (): ReturnType<LogicalLine['range']> => instruction.line.range(instruction.start, instruction.end);
    if (heredocs === 'invalid') {
      this.#problems.add('parse', range(), said`The word that ends a heredoc cannot be read.`);
      return;
    }
    for (const heredoc of heredocs) {
      if (this.#skipTo(heredoc.terminator, heredoc.stripTabs)) continue;
      this.#problems.add('parse', range(), said`The heredoc has no end: no line is just ${quote(heredoc.terminator)}.`);
      return;
    }
  }

  #skipTo(terminator: string, stripTabs: boolean): boolean {
    const { text } = this.#source;
    for (let line = this.#next(); line; line = this.#next()) {
      let { start } = line;
      while (stripTabs && start < line.end && text[start] === '\t') start++;
      if (line.end - start === terminator.length && text.startsWith(terminator, start)) return true;
    }
    return false;
  }
}

/**
 * Where the escape stands that continues the line, -1 when none does: one escape, no other one before it, blanks and tabs behind it.
 */
function continuationAt(text: string, start: number, end: number, escape: string): number {
  let at = end - 1;
  while (at >= start && (text[at] === ' ' || text[at] === '\t')) at--;
  if (at < start || text[at] !== escape) return -1;
  return at > start && text[at - 1] === escape ? -1 : at;
}
