// What the editor feels: parsing while typing, bundle sizes, and loading the eager half.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { row, type Row } from './report.ts';

/** 500 lines of the usual kind: stages, arguments, mounts, heredocs. */
function longDockerfile(): string {
  const lines = ['# syntax=docker/dockerfile:1', 'ARG VERSION=3.20', 'ARG BASE=alpine:${VERSION}'];
  for (let stage = 0; lines.length < 500; stage++) {
    lines.push(
      `FROM --platform=$BUILDPLATFORM \${BASE} AS stage${stage}`, 'WORKDIR /src', 'COPY package.json ./', 'RUN --mount=type=cache,target=/root/.cache \\', '    --mount=type=bind,from=ghcr.io/org/tools:1,target=/tools \\', '    npm ci && \\',
      '    npm run build', 'RUN <<EOF', 'echo FROM nowhere', 'EOF', `COPY --from=ghcr.io/org/assets:${stage} /a /a`, 'ENV A=b C=d', '# a comment',
    );
  }
  return lines.slice(0, 500).join('\n');
}

export function benchEditor(quick: boolean): readonly Row[] {
  const text = longDockerfile();
  const once = (): number => {
    const start = performance.now();
    readDockerfile(text, { buildArgs: {} });
    return performance.now() - start;
  };
  // The first passes of a process are compiled while they run, which a person who types meets once: a row of its own.
  const [first = 0] = Array.from({ length: 100 }, once);
  const times = Array.from({ length: quick ? 300 : 2000 }, once);
  const sorted = [...times].sort((a, b) => a - b);
  const kilobytes = (name: string): number => statSync(join('dist', name)).size / 1024;
  return [
    row('parse 500 lines', 'ours, first of a process', [first], 'ms'),
    row('parse 500 lines', 'ours, median', [sorted[Math.floor(sorted.length / 2)] ?? 0], 'ms'),
    row('parse 500 lines', 'ours, p99', [sorted[Math.floor(sorted.length * 0.99)] ?? 0], 'ms', { target: '≤ 5 ms' }),
    row('eager bundle', 'ours', [kilobytes('extension.js')], 'KB', { target: '≤ 100 KB' }),
    row('lazy engine', 'ours', [kilobytes('engine.js')], 'KB'),
    row('package', 'ours', [packageKilobytes()], 'KB', { target: '≤ 1536 KB' }),
    row('activate()', 'ours', activationTimes(quick ? 5 : 20), 'ms', { target: '≤ 20 ms' }),
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
