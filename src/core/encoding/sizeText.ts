// Sizes in one style everywhere, also in what the core says about its limits.

/** `512 B`, `3.4 kB`, `12 MB`: powers of 1000, as registries and container tools give them, one decimal below ten. */
export function sizeText(sizeBytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = sizeBytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${digits} ${units[unit] ?? ''}`;
}
