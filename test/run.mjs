// Runs everything: `node test/run.mjs` for all, `node test/run.mjs unit face` for some tiers, `node test/run.mjs unit reference` for some files.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildExtension, root } from '../esbuild.mjs';
import { neededPeers, provideEditor, providePeers } from './runner/externals.mjs';
import { runNodeTests, testFiles } from './runner/nodeTests.mjs';

const tool = (name, ...args) => async () => {
  const script = { tsc: 'typescript/bin/tsc', eslint: 'eslint/bin/eslint.js' }[name];
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return { failed: status === 0 ? 0 : 1 };
};
const nodeTier = (name) => ({ needs: () => providePeers(neededPeers(testFiles(name))), run: (options) => runNodeTests(name, options) });
const hostTier = (codeServer) => ({
  needs: provideEditor,
  run: async (options) => {
    const { runHost } = await import('./editor/runHost.mjs');
    return runHost({ ...options, codeServer });
  },
});

/** In the order in which they run: what is cheap and finds most comes first. */
const tiers = {
  check: { run: tool('tsc', '-p', '.') },
  lint: { run: tool('eslint', '.') },
  build: { run: async () => { await buildExtension({ production: true }); return { failed: 0 }; } },
  unit: nodeTier('unit'),
  face: nodeTier('face'),
  integration: nodeTier('integration'),
  // Everything a registry, a key file or a workspace can be: `--mutants N` for more of them, `--seed N` for others.
  hostile: nodeTier('hostile'),
  // Random faults for a while: `--seconds N` for longer, `--seed N` to see the same ones again.
  soak: nodeTier('soak'),
  interop: nodeTier('interop'),
  host: hostTier(),
  // The same in the oldest VS Code that the manifest allows; CI runs it, others when they ask.
  'host-minimum': hostTier('4.100.3'),
};

const args = process.argv.slice(2);
const verbose = args.includes('--verbose');
/** `--mutants N` is COUNTERSIGN_MUTANTS=N for the tests. */
const numbers = { '--mutants': 'COUNTERSIGN_MUTANTS', '--seed': 'COUNTERSIGN_SEED', '--seconds': 'COUNTERSIGN_SECONDS' };
const isNumberOf = (index) => Object.hasOwn(numbers, args[index] ?? '');
for (const [index, arg] of args.entries()) if (isNumberOf(index)) process.env[numbers[arg]] = args[index + 1];
const words = args.filter((arg, index) => !arg.startsWith('--') && !isNumberOf(index - 1));
const named = words.filter((word) => Object.hasOwn(tiers, word));
const all = Object.keys(tiers).filter((name) => name !== 'host-minimum' || process.env.CI);
const chosen = words[0] === 'all' || named.length === 0 ? all : Object.keys(tiers).filter((name) => named.includes(name));
const [pattern = ''] = words.filter((word) => word !== 'all' && !named.includes(word));
const inCi = Boolean(process.env.CI);

const rows = [];
for (const name of chosen) {
  const tier = tiers[name];
  const start = performance.now();
  const row = { name, passed: 0, failed: 0, skipped: 0, note: '' };
  rows.push(row);
  try {
    const missing = await tier.needs?.() ?? [];
    if (missing.length > 0) Object.assign(row, { notRun: true, note: missing.join('; '), failed: inCi ? 1 : 0 });
    else Object.assign(row, await tier.run({ pattern, verbose: verbose || pattern !== '' }));
  } catch (error) {
    console.error(error);
    Object.assign(row, { failed: 1, note: String(error.message).split('\n')[0] });
  }
  row.seconds = (performance.now() - start) / 1000;
  console.log(`${name}: ${describe(row)} in ${row.seconds.toFixed(1)} s`);
}

function describe(row) {
  if (row.notRun) return `not run: ${row.note}`;
  const counts = row.passed + row.failed + row.skipped === 0 ? 'passed' : `${row.passed} passed, ${row.failed} failed${row.skipped ? `, ${row.skipped} skipped` : ''}`;
  return row.note ? `${counts} (${row.note})` : counts;
}

const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
console.log(`\n${['tier', 'result'].map((title, column) => title.padEnd(column === 0 ? 14 : 0)).join('')}`);
for (const row of rows) console.log(`${row.name.padEnd(14)}${row.failed > 0 && !row.notRun ? '✖ ' : ''}${describe(row)}`);
for (const name of Object.keys(tiers).filter((tier) => !chosen.includes(tier))) console.log(`${name.padEnd(14)}not asked for`);
if (existsSync(join(root, 'out/screenshots'))) console.log('\nPictures of the editor: out/screenshots');
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
process.exit(sum('failed') > 0 ? 1 : 0);
