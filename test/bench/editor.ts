// What the editor feels: parsing while typing, bundle sizes, and loading the eager half.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { benchParsing } from './parse.ts';
import { row, type Row } from './report.ts';

export function benchEditor(quick: boolean): readonly Row[] {
  const kilobytes = (name: string): number => statSync(join('dist', name)).size / 1024;
  return [
    ...benchParsing(quick),
    row('eager bundle', 'ours', [kilobytes('extension.js')], 'KB', { target: '≤ 100 KB', most: 100 }),
    row('lazy engine', 'ours', [kilobytes('engine.js')], 'KB'),
    row('package', 'ours', [packageKilobytes()], 'KB', { target: '≤ 1536 KB', most: 1536 }),
    row('activate()', 'ours', activationTimes(quick ? 5 : 20), 'ms', { target: '≤ 20 ms', most: 20 }),
  ];
}

/** The whole VSIX, as `npm run package` makes it. */
function packageKilobytes(): number {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  try {
    const file = join(folder, 'countersign.vsix');
    const { status, stderr } = spawnSync('npx', ['vsce', 'package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', file], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The package was not made: ${stderr.slice(-800)}`);
    return statSync(file).size / 1024;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Loads and activates the eager half in a fresh process each time, against the stand-in for the editor. */
function activationTimes(runs: number): readonly number[] {
  const script = `
    const Module = require('node:module');
    const vscode = require(${JSON.stringify(resolve('out/bench-run/support/vscode.cjs'))});
    const load = Module._load;
    Module._load = (name, ...rest) => name === 'vscode' ? vscode : load(name, ...rest);
    const start = performance.now();
    const extension = require(${JSON.stringify(resolve('dist/extension.js'))});
    extension.activate({ subscriptions: [], extensionMode: vscode.ExtensionMode.Production, extension: { packageJSON: { version: '0' } }, extensionUri: vscode.Uri.file('/extension'), globalStorageUri: vscode.Uri.file('/home/ada/.config/Code/User/globalStorage/countersign') });
    console.log(performance.now() - start);
    process.exit(0);`;
  return Array.from({ length: runs }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    if (!/^[\d.]+$/.test(stdout.trim())) throw new Error(`activate() did not run: ${stderr.slice(-800)}`);
    return Number(stdout);
  });
}
