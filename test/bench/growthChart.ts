// A chart of growth: both axes logarithmic, one line per program, readable on light and on dark pages and without colours.

export interface Curve {
  readonly name: string;
  readonly ms: readonly number[];
}

const [width, height] = [720, 420];
const plot = { left: 80, right: 580, top: 50, bottom: 360 } as const;
const colours = ['#1a7f37', '#bc4c00', '#0969da'];
const dashes = ['', '8 4', '2 4'];

/** @param sizes what the times of every curve belong to, ascending and above 0 */
export function drawGrowth(sizes: readonly number[], curves: readonly Curve[], title: string): string {
  const times = curves.flatMap(({ ms }) => ms);
  const [low, high] = [10 ** Math.floor(Math.log10(Math.min(...times))), 10 ** Math.ceil(Math.log10(Math.max(...times)))];
  const [first, last] = [Math.min(...sizes), Math.max(...sizes)];
  const x = (size: number): number => round(plot.left + ((plot.right - plot.left) * Math.log(size / first)) / Math.log(last / first));
  const y = (ms: number): number => round(plot.bottom - ((plot.bottom - plot.top) * Math.log(ms / low)) / Math.log(high / low));
  const decades = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, index) => low * 10 ** index);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">`,
    '<style>text{font:13px system-ui,sans-serif;fill:#57606a}.grid{stroke:#8c959f;stroke-opacity:.35}.line{fill:none;stroke-width:2.5}@media(prefers-color-scheme:dark){text{fill:#b1bac4}}</style>',
    `<text x="${plot.left}" y="26" style="font-weight:600">${title}</text>`,
    ...decades.map((ms) => `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(ms)}" y2="${y(ms)}"/><text x="${plot.left - 10}" y="${y(ms) + 4}" text-anchor="end">${ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`}</text>`),
    ...sizes.map((size) => `<line class="grid" x1="${x(size)}" x2="${x(size)}" y1="${plot.top}" y2="${plot.bottom}"/><text x="${x(size)}" y="${plot.bottom + 20}" text-anchor="middle">${size}</text>`),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 44}" text-anchor="middle">images in the Dockerfile</text>`,
    ...curves.flatMap(({ name, ms }, index) => {
      const colour = colours[index % colours.length] ?? '';
      const points = ms.map((value, at) => `${x(sizes[at] ?? first)},${y(value)}`);
      return [
        `<polyline class="line" stroke="${colour}" stroke-dasharray="${dashes[index % dashes.length] ?? ''}" points="${points.join(' ')}"/>`,
        `<text x="${plot.right + 10}" y="${labelY(y(ms.at(-1) ?? low), index)}">${name}</text>`,
      ];
    }),
    '</svg>',
  ].join('\n')}\n`;
  /** Lines that end together have their names below each other. */
  function labelY(at: number, index: number): number {
    const above = curves.slice(0, index).filter(({ ms }) => Math.abs(y(ms.at(-1) ?? low) - at) < 14).length;
    return at + 4 + above * 15;
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
