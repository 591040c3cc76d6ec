// Runs the host suites in a real editor: a desktop VS Code where there is one, the one from npm otherwise; each suite in a window of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { buildExtension, buildTests, loadTool, root } from '../../esbuild.mjs';
import { findDesktop } from './desktop.mjs';
import { installEditor } from './install.mjs';
import { openLiveWindow } from './liveWindow.mjs';
import { makePseudoExtension } from './pseudoExtension.mjs';

/** Each needs another kind of window. */
const suites = [
  { name: 'trusted', trusted: true },
  { name: 'restricted', trusted: false },
  { name: 'kubernetes', trusted: true },
  { name: 'policies', trusted: true },
  // Without the driver, in the newest editor from npm only: messages and modal questions are part of it.
  { name: 'signing', live: true },
  { name: 'copy', live: true },
  { name: 'pinning', live: true },
  { name: 'signers', live: true },
  { name: 'tree', live: true },
  { name: 'offline', live: true },
  { name: 'network', live: true, onlyWay: true, settings: { 'http.systemCertificatesNode': true } },
  { name: 'palette', live: true, independent: true },
  // In another language.
  { name: 'pseudo', live: true, translated: true },
  // Makes the pictures of the README and the walkthrough anew: `npm run pictures`.
  { name: 'pictures', live: true, onRequest: true, settings: { 'editor.minimap.enabled': false, 'editor.renderLineHighlight': 'none', 'editor.occurrencesHighlight': 'off' } },
];

/**
 * @param options.pattern only tests whose title holds this, or the name of the only suite to run
 * @param options.codeServer the version of the editor from npm, 4.N.P for VS Code 1.N.P; undefined: `COUNTERSIGN_CODE_SERVER`, else the newest tried
 */
export async function runHost({ pattern = '', codeServer = process.env.COUNTERSIGN_CODE_SERVER } = {}) {
  // What is shipped is what is tested.
  await buildExtension({ production: true });
  await buildTests(['test/host/index.ts', ...suites.map(({ name }) => `test/host/suite/${name}.test.ts`)], 'out/host', { external: ['vscode', 'mocha'] });
  const desktop = await findDesktop({ mayDownload: true, version: codeServer?.replace(/^4\./, '1.') });
  if (desktop === undefined) installEditor(codeServer);
  console.log(desktop === undefined ? `host: the VS Code server from npm${codeServer ? ` ${codeServer}` : ''}, in headless Chromium` : `host: ${desktop}`);
  const counts = { passed: 0, failed: 0, skipped: 0, note: '' };
  const named = suites.filter(({ name }) => name === pattern);
  for (const suite of named.length > 0 ? named : suites.filter(({ live, onRequest }) => !onRequest && (!live || codeServer === undefined))) {
    const result = await runSuite(suite, { desktop, pattern: named.length > 0 ? '' : pattern, codeServer });
    for (const key of ['passed', 'failed', 'skipped']) counts[key] += result[key];
    counts.note ||= result.note ?? '';
  }
  return counts;
}

async function runSuite({ name, trusted, live, settings, independent, ...suite }, { desktop, pattern, codeServer }) {
  const { startDemo } = await loadTool('test/demo/demo.ts');
  const demo = await startDemo();
  const onlyWay = suite.onlyWay && await (await loadTool('test/host/onlyWay.ts')).startOnlyWay();
  const work = mkdtempSync(join(tmpdir(), 'countersign-host-'));
  const file = (part) => join(work, part);
  writeFileSync(file('demo.json'), JSON.stringify(demo.description));
  const env = {
    COUNTERSIGN_SUITE: name, COUNTERSIGN_DEMO: file('demo.json'), COUNTERSIGN_COUNTS: file('counts.json'), COUNTERSIGN_GREP: pattern,
    COUNTERSIGN_SCREENSHOTS: join(root, 'out/screenshots', codeServer ?? ''), COUNTERSIGN_PICTURES: join(root, 'docs/images'),
    ...(codeServer === undefined ? {} : { COUNTERSIGN_CODE_SERVER: codeServer }),
    // A login of the person who runs this must not decide what a test sees.
    DOCKER_CONFIG: file('docker'), REGISTRY_AUTH_FILE: undefined, NODE_OPTIONS: undefined,
    ...onlyWay?.env,
  };
  mkdirSync(file('docker'));
  const executable = desktop ?? resolve(root, 'test/editor/shim.mjs');
  const extensionTestsPath = resolve(root, 'out/host/host/index.cjs');
  let note;
  try {
    if (live) {
      await runLive(demo, env, { codeServer, settings, independent, onlyWay, translated: suite.translated });
    } else if (trusted) {
      const code = await runTests({
        vscodeExecutablePath: executable, extensionDevelopmentPath: root, extensionTestsPath, extensionTestsEnv: env,
        launchArgs: [demo.description.workspace, '--disable-extensions', `--user-data-dir=${file('user')}`, `--extensions-dir=${file('extensions')}`],
      });
      if (code !== 0) note = `the editor ended with ${code}`;
    } else {
      // runTests always switches workspace trust off; this window must have it.
      const code = await start(executable, [
        demo.description.workspace, '--no-sandbox', '--disable-gpu-sandbox', '--disable-updates', '--skip-welcome', '--skip-release-notes', '--disable-extensions',
        `--user-data-dir=${file('user')}`, `--extensions-dir=${file('extensions')}`,
        `--extensionDevelopmentPath=${root}`, `--extensionTestsPath=${extensionTestsPath}`,
      ], env);
      if (code !== 0) note = `the editor ended with ${code}`;
    }
  } catch (error) {
    note = String(error.message ?? error);
  } finally {
    await demo.close();
    await onlyWay?.close();
  }
  const counts = existsSync(file('counts.json')) ? JSON.parse(readFileSync(file('counts.json'), 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  if (note === undefined && counts.passed === 0) note = 'no test ran';
  if (note !== undefined && counts.failed === 0) counts.failed = 1;
  return { ...counts, note: counts.failed > 0 ? `${name}: ${note}` : undefined };
}

/** The suite runs here, and drives the window; each test goes on where the one before it ended, so that the first failure is the last, unless they are independent. */
async function runLive(demo, env, { codeServer, settings, independent = false, onlyWay, translated = false }) {
  const { workspace, dockerfile } = demo.description;
  const { folder: extension, language } = translated ? await makePseudoExtension() : {};
  const window = await openLiveWindow({ folder: workspace, file: dockerfile, env, settings, codeServer, screenshots: env.COUNTERSIGN_SCREENSHOTS, extension, language });
  Object.assign(process.env, { COUNTERSIGN_SUITE: env.COUNTERSIGN_SUITE, COUNTERSIGN_PICTURES: env.COUNTERSIGN_PICTURES, COUNTERSIGN_COUNTS: env.COUNTERSIGN_COUNTS, COUNTERSIGN_GREP: env.COUNTERSIGN_GREP, COUNTERSIGN_BAIL: independent ? '' : '1' });
  globalThis.countersignLive = { ...window, demo, onlyWay, dockerConfig: env.DOCKER_CONFIG };
  try {
    await createRequire(import.meta.url)(resolve(root, 'out/host/host/index.cjs')).run();
  } finally {
    await window.close();
  }
}

function start(executable, args, env) {
  const program = executable.endsWith('.mjs') ? [process.execPath, [executable, ...args]] : [executable, args];
  const child = spawn(...program, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done(code ?? 1));
  });
}
