// Finds a desktop VS Code: named, downloaded before, installed, or downloaded now.
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { downloadAndUnzipVSCode, SilentReporter } from '@vscode/test-electron';
import { root } from '../../esbuild.mjs';

const cachePath = join(root, '.vscode-test');
const found = new Map();

/**
 * The executable of a desktop VS Code. `COUNTERSIGN_EDITOR=server` hides every one; `VSCODE_EXECUTABLE` names one.
 * @param version such as `1.100.3`: only this one will do
 */
export function findDesktop({ version, mayDownload = false } = {}) {
  const key = `${version} ${mayDownload}`;
  if (!found.has(key)) found.set(key, find(version, mayDownload));
  return found.get(key);
}

async function find(version, mayDownload) {
  if (process.env.COUNTERSIGN_EDITOR === 'server') return undefined;
  if (version === undefined) {
    if (process.env.VSCODE_EXECUTABLE) return process.env.VSCODE_EXECUTABLE;
    const known = downloaded(/^vscode-.*\d$/) ?? binaryBeside(installedCommand());
    if (known) return known;
  } else {
    const known = downloaded(new RegExp(`^vscode-.*-${version.replaceAll('.', '\\.')}$`));
    if (known) return known;
  }
  if (!mayDownload) return undefined;
  try {
    return await downloadAndUnzipVSCode({ cachePath, timeout: 15_000, reporter: new SilentReporter(), ...(version === undefined ? {} : { version }) });
  } catch (error) {
    console.log(`VS Code${version === undefined ? '' : ` ${version}`} cannot be downloaded here (${error.code ?? String(error.message).split('\n')[0]})`);
    return undefined;
  }
}

/** The command `code` on PATH. Inside a remote window it is only a link to that window, not a desktop. */
export function installedCommand() {
  if (process.env.COUNTERSIGN_EDITOR === 'server') return undefined;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const command = join(folder, process.platform === 'win32' ? 'code.cmd' : 'code');
    if (existsSync(command) && !/remote-cli/.test(realpathSync(command))) return command;
  }
  return undefined;
}

const executable = { win32: 'Code.exe', darwin: 'Visual Studio Code.app/Contents/MacOS/Electron' }[process.platform] ?? 'code';

function downloaded(pattern) {
  for (const name of existsSync(cachePath) ? readdirSync(cachePath).sort().reverse() : []) {
    const path = join(cachePath, name, executable);
    if (pattern.test(name) && existsSync(join(cachePath, name, 'is-complete')) && existsSync(path)) return path;
  }
  return undefined;
}

/** `bin/code` is a script; the program itself lies above it. */
function binaryBeside(command) {
  if (command === undefined) return undefined;
  const folder = dirname(realpathSync(command));
  const path = { win32: join(folder, '..', 'Code.exe'), darwin: join(folder, '..', '..', '..', 'MacOS', 'Electron') }[process.platform] ?? join(folder, '..', 'code');
  return existsSync(path) ? path : undefined;
}
