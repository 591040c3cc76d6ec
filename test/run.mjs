// Runs test tiers: `node test/run.mjs unit [part of a file name]`.
import { spawnSync } from 'node:child_process';
import { readdirSync, existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { buildTests, root } from '../esbuild.mjs';

const [tier = 'unit', pattern = ''] = process.argv.slice(2);
const files = readdirSync(join(root, 'test', tier), { recursive: true }).map(String).filter((f) => f.endsWith('.test.ts') && f.includes(pattern)).map((f) => join('test', tier, f));
const alias = tier === 'face' ? { vscode: resolve(root, 'test/support/vscode.ts') } : {};
// Every run has a folder of its own, so that two runs at once do not disturb each other.
const outdir = `out/${tier}-${process.pid}`;
await buildTests(files, outdir, { alias });
const built = readdirSync(join(root, outdir), { recursive: true }).map(String).filter((f) => f.endsWith('.test.cjs')).map((f) => join(root, outdir, f));
const { status } = spawnSync(process.execPath, ['--test', '--enable-source-maps', ...built], { stdio: 'inherit', cwd: root });
spawnSync('rm', ['-rf', join(root, outdir)]);
process.exit(status ?? 1);
