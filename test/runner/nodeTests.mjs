// Runs one folder of node:test files: bundles them, starts node --test, and counts.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildTests, root } from '../../esbuild.mjs';

/** The face tests run against a stand-in for the editor. */
const aliases = { face: { vscode: resolve(root, 'test/support/vscode.ts') } };

export function testFiles(tier, pattern = '') {
  const folder = join(root, 'test', tier);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).map(String)
    .filter((file) => file.endsWith('.test.ts') && file.replaceAll('\\', '/').includes(pattern)).sort()
    .map((file) => join('test', tier, file));
}

/** How long one test file may take, in milliseconds: longer where it starts real programs by the hundred; what it was asked for with `--seconds` and `--mutants` comes on top. */
export function fileLimitMs({ COUNTERSIGN_SECONDS: seconds = '0', COUNTERSIGN_MUTANTS: mutants = '0' }, tier = '') {
  return ({ interop: 900_000, integration: 900_000 }[tier] ?? 240_000) + Number(seconds) * 1000 + Math.ceil(Number(mutants) * 2);
}

/** @returns the counts; a run that ends badly without saying so has one failure */
export async function runNodeTests(tier, { pattern = '', verbose = false } = {}) {
  const files = testFiles(tier, pattern);
  if (files.length === 0) return { passed: 0, failed: 1, skipped: 0, note: pattern === '' ? 'no test file' : `no test file has "${pattern}" in its name` };
  // Every run has a folder of its own, so that two runs at once do not disturb each other.
  const outdir = `out/${tier}-${process.pid}`;
  const folder = join(root, outdir);
  const countsFile = join(folder, 'counts.json');
  try {
    await buildTests(files, outdir, { alias: aliases[tier] ?? {} });
    mkdirSync(folder, { recursive: true });
    const built = readdirSync(folder, { recursive: true }).map(String).filter((file) => file.endsWith('.test.cjs')).map((file) => join(folder, file));
    const reporter = new URL('brief.mjs', import.meta.url).href;
    const reporters = verbose
      ? ['--test-reporter=spec', '--test-reporter-destination=stdout', `--test-reporter=${reporter}`, `--test-reporter-destination=${join(folder, 'brief.txt')}`]
      : [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout'];
    const child = spawn(process.execPath, ['--test', '--enable-source-maps', '--test-concurrency=2', `--test-timeout=${fileLimitMs(process.env, tier)}`, ...reporters, ...built],
      { stdio: ['ignore', 'inherit', 'inherit'], cwd: root, env: { ...process.env, COUNTERSIGN_COUNTS: countsFile } });
    const code = await new Promise((done) => { child.once('close', done); });
    const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
    return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1, note: `node --test ended with ${code}` };
  } catch (error) {
    console.error(error.message);
    return { passed: 0, failed: 1, skipped: 0, note: 'the tests could not be built' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
