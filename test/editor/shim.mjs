#!/usr/bin/env node
// Stands in for the desktop executable: takes the arguments @vscode/test-electron gives, runs the suite in the extension host of the VS Code server from npm, with headless Chromium as its window.
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StringDecoder } from 'node:string_decoder';
import { chromium as playwright } from 'playwright-core';
import { loadTool } from '../../esbuild.mjs';
import { chromium, chromiumArguments } from './chromium.mjs';
import { installEditor } from './install.mjs';
import { editorAddress, startEditorServer } from './server.mjs';

const options = readArguments(process.argv.slice(2));
const limitMs = Number(process.env.COUNTERSIGN_HOST_LIMIT_MS ?? 300_000);
if (options.extensionTestsPath === undefined) fail('only test runs (--extensionTestsPath) are supported');
const [{ takeFromList }, { patienceMs }] = [await loadTool('test/host/palette.ts'), await loadTool('test/host/eventually.ts')];
const browser = chromium() ?? fail('no Chromium was found: set CHROME_PATH');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const work = mkdtempSync(join(tmpdir(), 'countersign-window-'));
process.once('exit', () => { rmSync(work, { recursive: true, force: true, maxRetries: 5 }); });
const screenshots = process.env.COUNTERSIGN_SCREENSHOTS ?? join(work, 'screenshots');
mkdirSync(screenshots, { recursive: true });
const output = join(work, 'output');
writeFileSync(output, '');

const server = await startEditorServer(installEditor(), {
  driver: true, trust: !options['disable-workspace-trust'], settings: userSettings(),
  env: { COUNTERSIGN_SHIM_OUTPUT: output, COUNTERSIGN_SHIM_SUITE: options.extensionTestsPath, COUNTERSIGN_SHIM_ANSWERS: work },
});
const context = await playwright.launchPersistentContext(join(work, 'chromium'), { executablePath: browser, headless: true, viewport: { width: 1280, height: 800 }, args: chromiumArguments, permissions: ['clipboard-read', 'clipboard-write'] });
let finish;
const finished = new Promise((done) => { finish = done; });
await context.exposeFunction('codeAutomationLog', () => {});
await context.exposeFunction('codeAutomationExit', (code) => { finish(code); });
const page = context.pages()[0] ?? await context.newPage();
page.setDefaultTimeout(patienceMs);
const messages = [];
page.on('console', (message) => {
  messages.push(message.text());
  if (messages.length > 60) messages.shift();
  if (/Extension host .*terminated unexpectedly/i.test(message.text())) setTimeout(() => finish('crash'), 500);
});
page.on('crash', () => finish('crash'));

/** What suites may ask of the window, a mouse not being among it; test/host/editorWindow.ts is the other end. */
const actions = {
  capture: async (name) => {
    const file = join(screenshots, `${name}.png`);
    await page.screenshot({ path: file });
    return file;
  },
  press: (keys) => page.keyboard.press(keys),
  type: (text) => page.keyboard.type(text, { delay: 5 }),
  paste: (text) => page.keyboard.insertText(text),
  texts: async (selector) => (await page.locator(selector).allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' ')),
  waitForText: async (selector, text, limitMs) => { await page.locator(selector).filter({ hasText: text }).first().waitFor({ state: 'visible', timeout: limitMs }); },
  runCommand: (title) => takeFromList(page, { key: 'F1', text: `>${title}`, row: title }),
};

let ended;
const pump = follow(output, async (line) => {
  const [, kind, rest] = /^\x1e(call|end) (.*)$/.exec(line) ?? [];
  if (kind === 'end') {
    ended = Number(rest);
    setTimeout(() => finish(ended), 5000).unref();
  } else if (kind === 'call') {
    await answer(JSON.parse(rest));
  } else {
    process.stdout.write(`${line}\n`);
  }
});
let pumping = Promise.resolve();
const timer = setInterval(() => { pumping = pumping.then(pump); }, 50);

const remote = (path) => `vscode-remote://127.0.0.1:${server.port}${resolve(path)}`;
await page.goto(editorAddress(server.port, options.folder, [
  ...options.extensionDevelopmentPath.map((path) => ['extensionDevelopmentPath', remote(path)]),
  ['extensionTestsPath', remote(join(dirname(fileURLToPath(import.meta.url)), 'shimSuite.cjs'))],
  ['skipWelcome', 'true'], ['skipReleaseNotes', 'true'],
]));
setTimeout(() => finish('time'), limitMs).unref();
let code = await finished;
clearInterval(timer);
await pumping;
await pump();
// VS Code says 0 when the extension host dies in the middle (a crash, a stray process.exit): believe only our own end mark.
if (typeof code === 'number' && ended === undefined) code = 'crash';
if (code === 0 && ended !== 0) code = ended;
if (typeof code === 'string') {
  console.error(`${code === 'crash' ? 'the extension host went away before the tests ended' : `the tests did not end within ${limitMs} ms`}; last messages of the window:\n${messages.slice(-15).join('\n')}\nlog of the server: ${server.tail()}`);
}
await context.close();
await server.stop();
process.exit(typeof code === 'number' ? code : 70);

/** Obeys the suite, which cannot reach its own window. The answer is a file, put in place whole. */
async function answer({ id, action, args }) {
  let result;
  try {
    result = { value: await actions[action](...args) };
  } catch (error) {
    result = { error: String(error.message).split('\n')[0] };
  }
  const file = join(work, `${id}.json`);
  writeFileSync(`${file}.part`, JSON.stringify(result));
  renameSync(`${file}.part`, file);
}

function readArguments(argv) {
  const takesValue = new Set(['extensionDevelopmentPath', 'extensionTestsPath', 'user-data-dir', 'extensions-dir']);
  const result = { extensionDevelopmentPath: [] };
  for (let at = 0; at < argv.length; at++) {
    const [, name, given] = /^--([\w-]+)(?:=(.*))?$/s.exec(argv[at]) ?? [];
    if (name === undefined) {
      result.folder ??= resolve(argv[at]);
      continue;
    }
    const value = given ?? (takesValue.has(name) ? argv[++at] : true);
    if (name === 'extensionDevelopmentPath') result.extensionDevelopmentPath.push(value); else result[name] = value;
  }
  return result;
}

function userSettings() {
  const file = options['user-data-dir'] && join(options['user-data-dir'], 'User/settings.json');
  return file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** Calls `take` for each whole line that was appended since the last call. */
function follow(file, take) {
  const handle = openSync(file, 'r');
  const buffer = Buffer.alloc(65_536);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return async () => {
    for (let read; (read = readSync(handle, buffer, 0, buffer.length, null)) > 0;) rest += decoder.write(buffer.subarray(0, read));
    const lines = rest.split('\n');
    rest = lines.pop();
    for (const line of lines) await take(line);
  };
}

function fail(reason) {
  console.error(`the editor from npm: ${reason}`);
  process.exit(2);
}
