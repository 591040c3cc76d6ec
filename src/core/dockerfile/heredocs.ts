// Which heredocs an instruction's line opens, as BuildKit's parser finds them.
import { expand } from './expand.ts';

export interface Heredoc {
  /** The line that ends it. */
  readonly terminator: string;
  /** `<<-`: tabs before the terminator do not count. */
  readonly stripTabs: boolean;
}

const heredocPattern = /^\d*<<(-?)[\t\n\f\r ]*([^<]*)$/;

/**
 * In order. The escape is `\` here whatever the directive says.
 * `'invalid'`: a terminator whose quotes do not end refuses the file.
 */
export function heredocsOf(line: string): readonly Heredoc[] | 'invalid' {
  if (!line.includes('<<')) return [];
  const found: Heredoc[] = [];
  for (const word of expand(line, { escape: '\\', lookup: unset, rawQuotes: true, rawEscapes: true, keepUnset: true }).words) {
    const heredoc = parseHeredoc(word);
    if (heredoc === 'invalid') return 'invalid';
    if (heredoc !== undefined) found.push(heredoc);
  }
  return found;
}

export function parseHeredoc(word: string): Heredoc | 'invalid' | undefined {
  const match = heredocPattern.exec(word);
  const rest = match?.[2] ?? '';
  if (match === null || rest === '') return undefined;
  const { words, error } = expand(rest, { escape: '\\', lookup: unset, keepUnset: true });
  if (error) return 'invalid';
  const [terminator] = words;
  return terminator === undefined || words.length > 1 ? undefined : { terminator, stripTabs: match[1] === '-' };
}

function unset(): undefined {
  return undefined;
}
