// Medians, spread and ratios as a table of plain text.

export interface Row {
  readonly what: string;
  readonly who: string;
  readonly values: readonly number[];
  readonly unit: string;
  readonly ratio?: number;
  /** In words. */
  readonly target?: string;
  /** The median must not be above it; printed as `met` or `missed`. */
  readonly most?: number;
  /** The median must not be below it. */
  readonly least?: number;
}

type More = Partial<Pick<Row, 'ratio' | 'target' | 'most' | 'least'>>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

export function row(what: string, who: string, values: readonly number[], unit: string, more: More = {}): Row {
  return { what, who, values, unit, ...more };
}

const header = ['what', 'who', 'median (min–max)', 'ratio', 'target'] as const;

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map(cellsOf);
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map((cell) => cell[column]?.length ?? 0)));
  for (const line of [header, ...cells]) console.log(line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}

/** The same as a table of Markdown. */
export function markdownTable(rows: readonly Row[]): string {
  return [header, header.map((_, column) => (column === 2 || column === 3 ? '---:' : '---')), ...rows.map(cellsOf)].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

function cellsOf({ what, who, values, unit, ratio, target = '', most, least }: Row): readonly string[] {
  const spread = values.length > 1 ? ` (${number(Math.min(...values))}–${number(Math.max(...values))})` : '';
  const middle = median(values);
  const isMet = middle <= (most ?? Infinity) && middle >= (least ?? -Infinity);
  const verdict = most === undefined && least === undefined ? '' : isMet ? ': met' : ': **missed**';
  return [what, who, `${number(middle)}${unit && ` ${unit}`}${spread}`, ratio === undefined ? '' : `${ratio.toFixed(1)} × ours`, `${target}${verdict}`];
}

const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 0));
