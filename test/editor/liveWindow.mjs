// Opens the editor from npm as a person has it, without the test driver: messages, modal questions and progress are drawn. Suites drive it from outside.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { root } from '../../esbuild.mjs';
import { chromium, chromiumArguments } from './chromium.mjs';
import { installEditor } from './install.mjs';
import { editorAddress, startEditorServer } from './server.mjs';

/** The colours follow what the browser says that the system prefers, so that a suite can change them without a command. */
const themeSettings = { 'window.autoDetectColorScheme': true, 'window.autoDetectHighContrast': true };

/**
 * @param options.file absolute path of what is open at the start
 * @param options.env for the extension host
 * @param options.extension its folder @param options.language the editor's display language, for which it has no words of its own
 * @returns test/host/liveWindow.ts says what each member is for
 */
export async function openLiveWindow({ folder, file, env, settings = {}, codeServer, screenshots, extension = root, language }) {
  const executablePath = chromium();
  if (executablePath === undefined) throw new Error('no Chromium was found: set CHROME_PATH');
  const work = mkdtempSync(join(tmpdir(), 'countersign-live-'));
  const extensionsDir = join(work, 'extensions');
  mkdirSync(extensionsDir);
  mkdirSync(screenshots, { recursive: true });
  const { name, publisher, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  symlinkSync(extension, join(extensionsDir, `${publisher}.${name}-${version}`), 'junction');
  let [server, context] = [];
  const close = async () => {
    await context?.close();
    await server?.stop();
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    server = await startEditorServer(installEditor(codeServer), { trust: true, env, extensionsDir, settings: { ...themeSettings, ...settings } });
    const profile = join(work, 'chromium');
    context = await playwright.launchPersistentContext(profile, { executablePath, headless: true, viewport: { width: 1280, height: 800 }, args: chromiumArguments, reducedMotion: 'reduce', colorScheme: 'light', permissions: ['clipboard-read', 'clipboard-write'] });
    // What the server says to a window whose language it knows.
    if (language !== undefined) await context.addInitScript(`globalThis._VSCODE_NLS_LANGUAGE = ${JSON.stringify(language)};`);
    const page = context.pages()[0] ?? await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(editorAddress(server.port, folder, [['openFile', `vscode-remote://127.0.0.1:${server.port}${file}`], ['skipWelcome', 'true'], ['skipReleaseNotes', 'true']]));
    return {
      page, screenshots, close, folders: [server.directory, profile],
    };
  } catch (error) {
    await close();
    throw error;
  }
}
