// `npm run package [-- --out FILE]`: the VSIX. The same source gives the same bytes, on every computer and in every folder.
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import vsce from '@vscode/vsce';
import { publishedRepository } from '../esbuild.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const at = process.argv.indexOf('--out');
const out = resolve(at === -1 ? join(root, 'countersign.vsix') : process.argv[at + 1] ?? '');

/** Seconds since 1970: SOURCE_DATE_EPOCH if it is set, else when the newest commit was made, else (a copy without git) the first day a zip file can name. */
function sourceDate() {
  if (process.env.SOURCE_DATE_EPOCH) return process.env.SOURCE_DATE_EPOCH;
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : '315532800';
}

function must(program, ...args) {
  // A zip file holds local times.
  const env = { ...process.env, SOURCE_DATE_EPOCH: sourceDate(), TZ: 'UTC' };
  const { status, error } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) throw error ?? new Error(`${program} ended with exit code ${status}`);
}

// What a computer thinks of groups and others must not get into the package: neither with the files of the checkout nor with those that are built.
for (const file of await vsce.listFiles({ cwd: root, packageManager: vsce.PackageManager.None })) chmodSync(join(root, file), file === 'dist/cli.js' ? 0o755 : 0o644);
process.umask(0o022);
// Until the source is published the links of the README lead nowhere on the web, and are left as they are.
const unpublished = publishedRepository() === '' ? ['--allow-missing-repository', '--no-rewrite-relative-links'] : [];
must('node_modules/@vscode/vsce/vsce', 'package', '--no-dependencies', ...unpublished, '--out', out);
