// `npm start`: builds the extension, starts the demonstration registry, and opens a real VS Code on the demonstration workspace.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildExtension, loadTool, root } from '../../esbuild.mjs';
import { findDesktop, installedCommand } from './desktop.mjs';
import { installEditor } from './install.mjs';
import { editorAddress, startEditorServer } from './server.mjs';

if (process.argv.includes('--server')) process.env.COUNTERSIGN_EDITOR = 'server';
await buildExtension();
const { startDemo } = await loadTool('test/demo/demo.ts');
const { description, close } = await startDemo();
const { workspace, dockerfile, host } = description;
console.log(`\nA registry with the images of the demonstration: http://${host}\nThe workspace: ${workspace}`);

const work = mkdtempSync(join(tmpdir(), 'countersign-start-'));
let stopEditor = async () => {};
let stopping = false;
const stop = async (code) => {
  if (stopping) return;
  stopping = true;
  await stopEditor();
  await close();
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { void stop(0); });
// Who ends npm alone ends the shell between npm and this, which tells nobody.
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) void stop(0); }, 1000).unref();

try {
  const desktop = process.env.VSCODE_EXECUTABLE ?? installedCommand() ?? await findDesktop({ mayDownload: true });
  if (desktop === undefined) await openInBrowser(); else openOnDesktop(desktop);
} catch (error) {
  console.error(String(error.message ?? error));
  await stop(1);
}

function openOnDesktop(command) {
  console.log(`Opening VS Code (${command}) with the extension loaded from ${root}.\nCtrl+C here stops the registry.\n`);
  const child = spawn(command, [
    '--new-window', '--wait', `--user-data-dir=${join(work, 'user')}`, `--extensions-dir=${join(work, 'extensions')}`, `--extensionDevelopmentPath=${root}`,
    '--disable-workspace-trust', '--skip-welcome', '--skip-release-notes', workspace, '--goto', dockerfile,
  ], { stdio: 'inherit', shell: process.platform === 'win32' });
  child.once('error', (error) => { console.error(`VS Code could not be started: ${error.message}`); void stop(1); });
  child.once('close', (code) => { void stop(code ?? 0); });
}

async function openInBrowser() {
  console.log('No desktop VS Code is used: the VS Code server from npm serves this machine only.');
  const paths = installEditor();
  const { publisher, name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const extensionsDir = join(work, 'extensions');
  mkdirSync(extensionsDir);
  symlinkSync(root, join(extensionsDir, `${publisher}.${name}-${version}`), 'junction');
  const token = randomBytes(16).toString('hex');
  const server = await startEditorServer(paths, { port: Number(process.env.PORT ?? 0), extensionsDir, token });
  stopEditor = server.stop;
  server.child.once('exit', () => { void stop(1); });
  const address = editorAddress(server.port, workspace, [['openFile', `vscode-remote://127.0.0.1:${server.port}${dockerfile}`], ['skipWelcome', 'true']], token);
  console.log(`\nOpen this address in a browser on this machine; Ctrl+C here stops everything:\n\n  ${address}\n`);
  if (!process.env.CI && process.stdout.isTTY) {
    const opener = { darwin: 'open', win32: 'explorer' }[process.platform] ?? 'xdg-open';
    spawn(opener, [address], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
  }
}
