// Medians, spread and ratios as a table of plain text.

export interface Row {
  readonly what: string;
  readonly who: string;
  readonly values: readonly number[];
  readonly unit: string;
  readonly ratio?: number;
  readonly target?: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

export function row(what: string, who: string, values: readonly number[], unit: string, more: { readonly ratio?: number; readonly target?: string } = {}): Row {
  return { what, who, values, unit, ...more };
}

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map(({ what, who, values, unit, ratio, target }) => {
    const spread = values.length > 1 ? ` (${number(Math.min(...values))}–${number(Math.max(...values))})` : '';
    return [what, who, `${number(median(values))}${unit && ` ${unit}`}${spread}`, ratio === undefined ? '' : `${ratio.toFixed(1)} × ours`, target ?? ''];
  });
  const header = ['what', 'who', 'median (min–max)', 'ratio', 'target'];
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map((cell) => cell[column]?.length ?? 0)));
  for (const line of [header, ...cells]) console.log(line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}

const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 0));
