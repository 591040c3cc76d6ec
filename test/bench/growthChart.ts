// A chart of growth: panels beside each other, both axes logarithmic, one line per program, readable on light and on dark pages and without colours.

export interface Curve {
  readonly name: string;
  /** One for each size; above 0. */
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly unit: 'ms' | '';
  readonly curves: readonly Curve[];
}

const panelWidth = 620;
const height = 420;
const plot = { left: 80, right: 490, top: 50, bottom: 360 } as const;
const colours = ['#1a7f37', '#bc4c00', '#0969da'];
const dashes = ['', '8 4', '2 4'];

/** @param sizes what the values of every curve belong to, ascending and above 0 */
export function drawGrowth(sizes: readonly number[], panels: readonly Panel[]): string {
  const width = panelWidth * panels.length;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${panels.map(({ title }) => title).join('; ')}">`,
    '<style>text{font:13px system-ui,sans-serif;fill:#57606a}.grid{stroke:#8c959f;stroke-opacity:.35}.line{fill:none;stroke-width:2.5}@media(prefers-color-scheme:dark){text{fill:#b1bac4}}</style>',
    ...panels.flatMap((panel, at) => [`<g transform="translate(${at * panelWidth} 0)">`, ...drawPanel(sizes, panel), '</g>']),
    '</svg>',
  ].join('\n')}\n`;
}

function drawPanel(sizes: readonly number[], { title, unit, curves }: Panel): readonly string[] {
  const values = curves.flatMap((curve) => curve.values);
  const [low, high] = [10 ** Math.floor(Math.log10(Math.min(...values))), 10 ** Math.ceil(Math.log10(Math.max(...values)))];
  const [first, last] = [Math.min(...sizes), Math.max(...sizes)];
  const x = (size: number): number => round(plot.left + ((plot.right - plot.left) * Math.log(size / first)) / Math.log(last / first));
  const y = (value: number): number => round(plot.bottom - ((plot.bottom - plot.top) * Math.log(value / low)) / Math.log(high / low));
  const decades = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, index) => low * 10 ** index);
  const label = (value: number): string => (unit === '' ? value.toLocaleString('en') : value >= 1000 ? `${value / 1000} s` : `${value} ms`);
  const labels = spreadOut(curves.map((curve) => y(curve.values.at(-1) ?? low)));
  return [
    `<text x="${plot.left}" y="26" style="font-weight:600">${title}</text>`,
    ...decades.map((value) => `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(value)}" y2="${y(value)}"/><text x="${plot.left - 10}" y="${y(value) + 4}" text-anchor="end">${label(value)}</text>`),
    ...sizes.map((size) => `<line class="grid" x1="${x(size)}" x2="${x(size)}" y1="${plot.top}" y2="${plot.bottom}"/><text x="${x(size)}" y="${plot.bottom + 20}" text-anchor="middle">${size}</text>`),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 44}" text-anchor="middle">images in the Dockerfile</text>`,
    ...curves.flatMap((curve, index) => {
      const points = curve.values.map((value, at) => `${x(sizes[at] ?? first)},${y(value)}`);
      return [
        `<polyline class="line" stroke="${colours[index % colours.length] ?? ''}" stroke-dasharray="${dashes[index % dashes.length] ?? ''}" points="${points.join(' ')}"/>`,
        `<text x="${plot.right + 10}" y="${labels[index] ?? 0}">${curve.name}</text>`,
      ];
    }),
  ];
}

/** Names from top to bottom, none on another. @param ends where the lines end */
function spreadOut(ends: readonly number[]): readonly number[] {
  const places = new Map<number, number>();
  let last = -Infinity;
  for (const index of [...ends.keys()].sort((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0))) {
    last = Math.max((ends[index] ?? 0) + 4, last + 15);
    places.set(index, round(last));
  }
  return ends.map((_, index) => places.get(index) ?? 0);
}

const round = (value: number): number => Math.round(value * 10) / 10;
