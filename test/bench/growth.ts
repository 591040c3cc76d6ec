// How time and requests grow with the number of images, 1 to 500: measured, drawn as an SVG, and written as a table into docs/benchmark.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { drawGrowth } from './growthChart.ts';
import { writeSection } from './page.ts';
import { inTurn } from './programs.ts';
import { median } from './report.ts';
import { dockerfileOf, startSignedImages, verifyWords } from './signedImages.ts';

const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const delayMs = 20;
const roundsOf = (size: number): number => (size > 100 ? 2 : size > 20 ? 3 : 5);

export async function benchGrowth(): Promise<void> {
  const scene = await startSignedImages(Math.max(...sizes));
  try {
    await scene.proxy.delay(delayMs);
    const curves = scene.programs.map(({ name, run }) => ({ name, run, times: sizes.map((): number[] => []), requests: sizes.map(() => 0) }));
    for (const [at, size] of sizes.entries()) {
      scene.write('Dockerfile', dockerfileOf(scene.images.slice(0, size)));
      for (let round = 0; round < roundsOf(size); round++) {
        for (const { run, times, requests } of inTurn(curves, round)) {
          await scene.proxy.reset();
          times[at]?.push((await run(verifyWords('Dockerfile'))).ms);
          requests[at] = (await scene.proxy.measure()).requests;
        }
      }
      console.log(`${size} images: ${curves.map(({ name, times, requests }) => `${name} ${spread(times[at])}, ${requests[at] ?? 0} requests`).join('; ')}`);
    }
    mkdirSync('docs/images', { recursive: true });
    writeFileSync('docs/images/growth.svg', drawGrowth(sizes, [
      { title: `Time of dockerfile verify, every request ${delayMs} ms late`, unit: 'ms', curves: curves.map(({ name, times }) => ({ name, values: times.map(median) })) },
      { title: 'Requests', unit: '', curves: curves.map(({ name, requests }) => ({ name, values: requests })) },
    ]));
    writeSection('growth', [
      `| images | ${curves.map(({ name }) => `${name} | requests`).join(' | ')} |`, `| ---: |${curves.map(() => ' ---: | ---: |').join('')}`,
      ...sizes.map((size, at) => `| ${size} | ${curves.map(({ times, requests }) => `${spread(times[at])} | ${requests[at] ?? 0}`).join(' | ')} |`),
    ].join('\n'));
  } finally {
    await scene.close();
  }
}

const spread = (times: readonly number[] = []): string => `${Math.round(median(times))} ms (${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))})`;
