// Puts what was measured into docs/benchmark.md, between the marks that are there for it.
import { readFileSync, writeFileSync } from 'node:fs';

const page = 'docs/benchmark.md';

/** Whatever stands between `<!-- NAME -->` and `<!-- end of NAME -->` makes room. */
export function writeSection(name: string, content: string): void {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  writeFileSync(page, `${text.slice(0, text.indexOf(begin) + begin.length)}\n\n${content}\n\n${text.slice(text.indexOf(end))}`);
}
