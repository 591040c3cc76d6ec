// What BuildKit's parser itself refuses an instruction for, before it looks at what the instruction means.
import { said, type Said } from '../said.ts';
import { argumentsOf, type Instruction } from './instruction.ts';
import { quote } from './problems.ts';
import { quotedWords, type Word } from './words.ts';

/** A sentence and the place it is about, within the instruction's line. */
export interface Refusal { readonly start: number; readonly end: number; readonly message: Said }

export function formProblem(instruction: Instruction, escape: string): Refusal | undefined {
  const { keyword, argumentsStart: start, end, json, trigger } = instruction;
  if (trigger) return formProblem(trigger, escape);
  if (json === 'mixed') return { start, end, message: said`An array in JSON form may hold only strings.` };
  if (keyword !== 'env' && keyword !== 'label') return undefined;
  const name = keyword.toUpperCase();
  const words = quotedWords(instruction.line.text, start, end, escape);
  const [first] = words;
  if (first === undefined) return undefined;
  if (isOldForm(words)) {
    if (!/[\t\v\f\r ]/.test(argumentsOf(instruction))) return { start, end, message: said`${name} needs a name and a value.` };
    return undefined;
  }
  const bad = words.find(({ text }) => !text.includes('='));
  return bad && { start: bad.start, end: bad.end, message: said`${name} needs the form name=value; ${quote(bad.text)} has no "=".` };
}

/** `ENV name value …` instead of `ENV name=value`. */
export function isOldForm([first]: readonly Word[]): boolean {
  return first !== undefined && !first.text.includes('=');
}
