// Our command line beside both cosigns, process beside process, in alternation: Dockerfiles of several sizes over several lines, one image, keys, files.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { readCorpus } from '../fixtures/dockerfiles/corpus.ts';
import { ask, testEngine } from '../support/engine.ts';
import { pushImage } from '../support/images.ts';
import { alternate, type Program, type ProgramRun } from './programs.ts';
import { median, row, type Row } from './report.ts';
import { dockerfileOf, startSignedImages, verifyWords, type SignedImages } from './signedImages.ts';

export async function benchCommandLine(quick: boolean): Promise<readonly Row[]> {
  const sizes = quick ? [1, 20] : [1, 5, 20, 100];
  const scene = await startSignedImages(Math.max(...sizes));
  try {
    const rows: Row[] = [];
    for (const delayMs of quick ? [0, 50] : [0, 20, 50]) {
      await scene.proxy.delay(delayMs);
      for (const size of sizes) rows.push(...await dockerfile(scene, size, delayMs, quick ? 2 : size > 20 ? 3 : 5));
    }
    await scene.proxy.delay(0);
    for (const [format, image] of [['legacy', scene.images[0] ?? ''], ['bundle', scene.bundled]] as const) {
      // cosign 2 knows no bundles of images.
      const programs = scene.programs.filter(({ name }) => format === 'legacy' || name !== 'cosign 2');
      rows.push(...beside(`verify one image, ${format}`, programs, await alternate(programs, quick ? 3 : 9, () => ['verify', '--key', 'bench.pub', '--allow-http-registry', image])));
    }
    rows.push(...beside('generate-key-pair', scene.programs, await alternate(scene.programs, quick ? 2 : 7, (_, round) => ['generate-key-pair', '--output-key-prefix', `made${round}`])));
    const fresh = await Promise.all(scene.programs.map((_, index) => Promise.all(Array.from({ length: quick ? 2 : 5 }, async (__, round) => (await pushImage(scene.proxy.host, `bench/to-sign-${index}-${round}`, '1.0')).byDigest))));
    rows.push(...beside('sign an image, legacy', scene.programs, await alternate(scene.programs, quick ? 2 : 5, (program, round) => {
      const index = scene.programs.indexOf(program);
      const format = index === 0 ? ['--format', 'legacy'] : index === 2 ? ['--new-bundle-format=false'] : [];
      return ['sign', '--key', 'bench.key', '--yes', '--allow-http-registry', ...format, fresh[index]?.[round] ?? ''];
    })));
    rows.push(...await largeFile(scene, quick ? 1 : 5));
    return [...rows, ...await manyDockerfiles(scene)];
  } finally {
    await scene.close();
  }
}

async function dockerfile(scene: SignedImages, size: number, delayMs: number, rounds: number): Promise<readonly Row[]> {
  const { proxy, programs, publicKey } = scene;
  const images = scene.images.slice(0, size);
  scene.write('Dockerfile', dockerfileOf(images));
  const what = `Dockerfile of ${size} image${size === 1 ? '' : 's'}, ${delayMs} ms a request`;
  const requests: number[] = [];
  const counting = programs.map(({ name, run }, index): Program => ({
    name, run: async (words) => {
      await proxy.reset();
      const result = await run(words);
      requests[index] = (await proxy.measure()).requests;
      return result;
    },
  }));
  const runs = await alternate(counting, rounds, () => verifyWords('Dockerfile'));
  const [cold, warm]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const engine = testEngine({ tagLifetimeMs: 0 });
    for (const times of [cold, warm]) {
      const start = performance.now();
      const verdicts = await Promise.all(images.map((image) => ask(engine, image, { bench: publicKey })));
      times.push(performance.now() - start);
      const bad = verdicts.find(({ kind }) => kind !== 'verified');
      if (bad) throw new Error(`a bench image is ${JSON.stringify(bad)}`);
    }
    await engine.dispose();
  }
  return [
    ...beside(what, programs, runs),
    row(what, 'ours (in the editor), cold', cold, 'ms', { ratio: median(cold) / median((runs[0] ?? []).map(({ ms }) => ms)) }),
    row(what, 'ours (in the editor), warm', warm, 'ms', { ratio: median(warm) / median((runs[0] ?? []).map(({ ms }) => ms)) }),
    ...programs.map(({ name }, index) => row(`${what}: requests`, name, [requests[index] ?? Number.NaN], '')),
    ...(delayMs === 0 ? peaks(what, programs, runs) : []),
  ];
}

/** Ours first, the others with how many times as long they took. */
function beside(what: string, programs: readonly Program[], runs: readonly (readonly ProgramRun[])[]): readonly Row[] {
  const ours = median((runs[0] ?? []).map(({ ms }) => ms));
  return programs.map(({ name }, index) => {
    const times = (runs[index] ?? []).map(({ ms }) => ms);
    return row(what, name, times, 'ms', index === 0 ? {} : { ratio: median(times) / ours });
  });
}

const peaks = (what: string, programs: readonly Program[], runs: readonly (readonly ProgramRun[])[]): readonly Row[] =>
  programs.map(({ name }, index) => row(`${what}: peak memory`, name, (runs[index] ?? []).map(({ peakMb }) => peakMb), 'MB'));

async function largeFile(scene: SignedImages, rounds: number): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  try {
    const file = join(folder, 'large.bin');
    writeFileSync(file, '');
    truncateSync(file, 1024 ** 3);
    const runs = await alternate(scene.programs, rounds, (program, round) => ['sign-blob', '--yes', '--key', 'bench.key', ...(program.name === 'cosign 3' ? ['--new-bundle-format=false'] : []), '--output-signature', join(folder, `${scene.programs.indexOf(program)}-${round}.sig`), file]);
    return [...beside('sign-blob, 1 GB', scene.programs, runs), ...peaks('sign-blob, 1 GB', scene.programs, runs)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The corpus of the tests over and over. No peer reads a Dockerfile without asking a registry. */
async function manyDockerfiles(scene: SignedImages): Promise<readonly Row[]> {
  const corpus = readCorpus();
  const files = Array.from({ length: 1000 }, (_, index) => corpus[index % corpus.length] ?? { text: '', buildArgs: {} });
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (const { text, buildArgs } of files) readDockerfile(text, { buildArgs });
    times.push(performance.now() - start);
  }
  const names = Array.from({ length: 1000 }, (_, index) => `Dockerfile.${index}`);
  for (const name of names) scene.write(name, dockerfileOf(scene.images));
  const [ours] = scene.programs;
  const runs = ours ? await alternate([ours], 2, () => ['dockerfile', 'images', ...names]) : [];
  return [
    row('parse 1,000 Dockerfiles', 'ours (in the editor)', times, 'ms'),
    row(`dockerfile images, 1,000 files`, 'ours (process)', (runs[0] ?? []).map(({ ms }) => ms), 'ms'),
  ];
}
