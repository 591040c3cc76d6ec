// The table of the interop matrix: who accepts what of whom, with how many of the kinds of key, and why where it is not all.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const directions = ['we → 2.5', 'we → 3.1', '2.5 → we', '3.1 → we'] as const;
export type Direction = (typeof directions)[number];

interface Cell {
  accepted: number;
  readonly refused: string[];
  note: string | undefined;
}

const page = resolve('docs/interop.md');
const [begin, end] = ['<!-- the matrix -->', '<!-- end of the matrix -->'];

export class MatrixTable {
  readonly #rows = new Map<string, Map<Direction, Cell>>();

  /** @param kind of key; @param note why a refusal is what must happen */
  record(row: string, direction: Direction, kind: string, accepted: boolean, note?: string): void {
    const cell = this.#cell(row, direction);
    if (accepted) cell.accepted++;
    else cell.refused.push(kind);
    cell.note ??= note;
  }

  #cell(row: string, direction: Direction): Cell {
    const cells = this.#rows.get(row) ?? new Map<Direction, Cell>();
    this.#rows.set(row, cells);
    const cell = cells.get(direction) ?? { accepted: 0, refused: [], note: undefined };
    cells.set(direction, cell);
    return cell;
  }

  /** Every cell of every row has been run. */
  get gaps(): readonly string[] {
    return [...this.#rows].flatMap(([row, cells]) => directions.filter((direction) => !cells.has(direction)).map((direction) => `${row}, ${direction}`));
  }

  markdown(): string {
    const notes: string[] = [];
    const text = ({ accepted, refused, note }: Cell): string => {
      const all = accepted + refused.length;
      if (note !== undefined && !notes.includes(note)) notes.push(note);
      const mark = note === undefined ? '' : ` [${notes.indexOf(note) + 1}]`;
      if (refused.length === 0) return `${all}/${all}${mark}`;
      return accepted === 0 ? `–${mark}` : `${accepted}/${all}, not ${[...refused].sort().join(', ')}${mark}`;
    };
    const lines = [...this.#rows].map(([row, cells]) => `| ${row} | ${directions.map((direction) => { const cell = cells.get(direction); return cell ? text(cell) : '?'; }).join(' | ')} |`);
    return [
      `| | ${directions.join(' | ')} |`, `| --- |${directions.map(() => ' --- |').join('')}`, ...lines, '',
      ...notes.map((note, index) => `${index + 1}. ${note}`),
    ].join('\n');
  }

  /** What the page says now, and what it should; writes it with `UPDATE_DOCS=1`. */
  compare(): { readonly documented: string; readonly measured: string } {
    const text = readFileSync(page, 'utf8');
    const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
    const measured = this.markdown();
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, `${text.slice(0, from)}\n\n${measured}\n\n${text.slice(to)}`);
    return { documented: process.env['UPDATE_DOCS'] === '1' ? measured : text.slice(from, to).trim(), measured };
  }
}
