// How time and requests grow with the number of images, 1 to 500: measured, drawn as an SVG, and written as a table into docs/benchmark.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { drawGrowth, type Curve } from './growthChart.ts';
import { median } from './report.ts';
import { dockerfileOf, startSignedImages, verifyWords } from './signedImages.ts';

const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const delayMs = 20;
const [begin, end] = ['<!-- growth -->', '<!-- end of growth -->'];

export async function benchGrowth(): Promise<void> {
  const scene = await startSignedImages(Math.max(...sizes));
  try {
    await scene.proxy.delay(delayMs);
    const curves = scene.programs.map(({ name }): Curve & { readonly ms: number[]; readonly requests: number[] } => ({ name, ms: [], requests: [] }));
    for (const size of sizes) {
      scene.write('Dockerfile', dockerfileOf(scene.images.slice(0, size)));
      const times = curves.map((): number[] => []);
      for (let round = 0; round < (size > 20 ? 1 : 3); round++) {
        for (const [index, program] of scene.programs.entries()) {
          await scene.proxy.reset();
          times[index]?.push((await program.run(verifyWords('Dockerfile'))).ms);
          const curve = curves[index];
          if (curve) curve.requests[sizes.indexOf(size)] = (await scene.proxy.measure()).requests;
        }
      }
      for (const [index, curve] of curves.entries()) curve.ms.push(median(times[index] ?? []));
      console.log(`${size} images: ${curves.map(({ name, ms, requests }) => `${name} ${Math.round(ms.at(-1) ?? 0)} ms, ${requests.at(-1) ?? 0} requests`).join('; ')}`);
    }
    mkdirSync('docs/images', { recursive: true });
    writeFileSync('docs/images/growth.svg', drawGrowth(sizes, curves, `Time of dockerfile verify, every request ${delayMs} ms late`));
    const page = readFileSync('docs/benchmark.md', 'utf8');
    const table = [
      `| images | ${curves.map(({ name }) => `${name} | requests`).join(' | ')} |`, `| ---: |${curves.map(() => ' ---: | ---: |').join('')}`,
      ...sizes.map((size, at) => `| ${size} | ${curves.map(({ ms, requests }) => `${Math.round(ms[at] ?? 0)} ms | ${requests[at] ?? 0}`).join(' | ')} |`),
    ].join('\n');
    writeFileSync('docs/benchmark.md', `${page.slice(0, page.indexOf(begin) + begin.length)}\n\n${table}\n\n${page.slice(page.indexOf(end))}`);
  } finally {
    await scene.close();
  }
}
