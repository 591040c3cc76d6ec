// Puts a VS Code server and a Node that can run it under .vscode-test/, from npm packages only.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../esbuild.mjs';

/** The package code-server 4.N.P carries VS Code 1.N.P. */
export const stableCodeServer = '4.139.1';
/** VS Code 1.139 needs Node 22.15 or 24. */
const nodeVersion = '24.21.0';

/** Where an installed editor is. */
export function editorPaths(version = process.env.COUNTERSIGN_CODE_SERVER ?? stableCodeServer) {
  const home = join(process.env.COUNTERSIGN_EDITOR_HOME ?? join(root, '.vscode-test'), `code-server-${version}`);
  const codeServer = join(home, 'node_modules/code-server');
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ownNode = major >= 24 || (major === 22 && minor >= 15);
  const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const node = ownNode ? process.execPath : join(home, 'node_modules', nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return { version, home, main: join(codeServer, 'lib/vscode/out/server-main.js'), vscode: join(codeServer, 'lib/vscode'), node, nodePackage: ownNode ? undefined : nodePackage };
}

/**
 * Installs once; later calls only look. The postinstall of code-server insists on a Node version of its own and compiles native
 * modules: none of them is needed to run and test an extension, so no install script runs.
 */
export function installEditor(version, log = console.log) {
  const paths = editorPaths(version);
  const { home, vscode, nodePackage } = paths;
  if (existsSync(join(home, 'complete'))) return paths;
  log(`installing the VS Code server from npm into ${home} (once: about half a minute, 780 MB)`);
  const start = Date.now();
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const dependencies = { 'code-server': paths.version, ...(nodePackage === undefined ? {} : { [nodePackage]: nodeVersion }) };
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, dependencies }));
  npm(['install'], home);
  npm(['install', '--omit=dev'], vscode);
  replaceNatives(join(vscode, 'node_modules'));
  addRipgrep(join(vscode, 'node_modules/@vscode/ripgrep'), home);
  writeFileSync(join(home, 'complete'), '');
  log(`the VS Code server is ready after ${Math.round((Date.now() - start) / 1000)} s`);
  return paths;
}

function npm(args, cwd) {
  // Settings of an npm that runs this script must not reach the one it starts.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(config_(omit|include|production|workspace|prefix|local_prefix)|package_|lifecycle_)/i.test(name)));
  const { status } = spawnSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed in ${cwd}`);
}

/** Up to VS Code 1.116 the package @vscode/ripgrep downloads its program when it is installed: put one from npm there, for findFiles. */
function addRipgrep(target, home) {
  if (!existsSync(target) || existsSync(join(target, 'bin'))) return;
  const folder = join(home, 'ripgrep');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  npm(['install', '@vscode/ripgrep-universal@1.18.0'], folder);
  mkdirSync(join(target, 'bin'));
  const program = process.platform === 'win32' ? 'rg.exe' : 'rg';
  cpSync(join(folder, 'node_modules/@vscode/ripgrep-universal/bin', `${process.platform}-${process.arch}`, program), join(target, 'bin', program));
}

/** VS Code works without these two native modules but complains at every start: plain JavaScript in their place. */
function replaceNatives(modules) {
  if (existsSync(join(modules, '@vscode/spdlog'))) writeFileSync(join(modules, '@vscode/spdlog/index.js'), loggerSource);
  for (const name of ['@vscode/native-watchdog', 'native-watchdog']) {
    if (existsSync(join(modules, name))) writeFileSync(join(modules, name, 'index.js'), watchdogSource);
  }
}

const loggerSource = `const fs = require('fs'), path = require('path');
exports.version = 0; exports.setLevel = () => {}; exports.setFlushOn = () => {};
class Logger {
  constructor(_type, _name, file) { this.file = file; this.level = 2; this.raw = false; }
  write(tag, level, text) { if (level >= this.level) { try { fs.appendFileSync(this.file, (this.raw ? '' : new Date().toISOString() + ' [' + tag + '] ') + text + (this.raw ? '' : '\\n')); } catch {} } }
  trace(t) { this.write('trace', 0, t); } debug(t) { this.write('debug', 1, t); } info(t) { this.write('info', 2, t); }
  warn(t) { this.write('warning', 3, t); } error(t) { this.write('error', 4, t); } critical(t) { this.write('critical', 5, t); }
  getLevel() { return this.level; } setLevel(l) { this.level = l; } setPattern() {} clearFormatters() { this.raw = true; } flush() {} drop() {}
}
exports.Logger = Logger;
exports.createRotatingLogger = exports.createAsyncRotatingLogger = async (name, file) => { fs.mkdirSync(path.dirname(file), { recursive: true }); return new Logger('', name, file); };
`;

const watchdogSource = `exports.start = (pid) => { setInterval(() => { try { process.kill(pid, 0); } catch { process.exit(87); } }, 1000).unref(); };
exports.exit = (code) => process.exit(code || 0);
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) installEditor();
