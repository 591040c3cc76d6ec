// Starts the VS Code server from npm on loopback, with folders of its own, and ends it with everything it started.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** No tips, no chat, no updates, no telemetry: what is on the screen is the extension's. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'workbench.editor.useModal': 'off',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'remote.forwardOnOpen': false,
};

/**
 * @param options.trust true: workspaces are not trusted until a person says so
 * @param options.driver true: test runs given in the address are obeyed, and no notification is drawn
 * @param options.token a secret that every address must carry; undefined: none is asked for
 * @returns the port, and `stop`
 */
export async function startEditorServer(paths, { port = 0, env = {}, settings = {}, extensionsDir, trust = false, driver = false, token } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-editor-'));
  const data = join(directory, 'data');
  mkdirSync(join(data, 'User'), { recursive: true });
  writeFileSync(join(data, 'User/settings.json'), JSON.stringify({ ...quietSettings, 'security.workspace.trust.enabled': trust, ...settings }, null, 2));
  const logFile = join(directory, 'server.log');
  const log = openSync(logFile, 'a');
  const child = spawn(paths.node, [
    paths.main, '--host', '127.0.0.1', '--port', String(port), ...(token === undefined ? ['--without-connection-token'] : ['--connection-token', token]),
    '--accept-server-license-terms', '--user-data-dir', data, '--server-data-dir', join(directory, 'server'),
    '--extensions-dir', extensionsDir ?? join(directory, 'extensions'), '--telemetry-level', 'off',
    ...(trust ? [] : ['--disable-workspace-trust']), ...(driver ? ['--enable-smoke-test-driver'] : []),
  ], { detached: process.platform !== 'win32', stdio: ['ignore', log, log], env: { ...process.env, XDG_RUNTIME_DIR: directory, ...env } });

  const signalAll = (signal) => {
    try {
      // The whole group: the server leaves children behind.
      if (process.platform === 'win32') child.kill(signal); else process.kill(-child.pid, signal);
    } catch { /* it is gone */ }
  };
  const clean = () => {
    signalAll('SIGKILL');
    try { rmSync(directory, { recursive: true, force: true, maxRetries: 5 }); } catch { /* a child still writes; the folder is temporary */ }
  };
  process.once('exit', clean);
  const stop = async () => {
    signalAll('SIGTERM');
    await new Promise((wait) => { setTimeout(wait, 300); });
    process.removeListener('exit', clean);
    clean();
  };
  const tail = () => readFileSync(logFile, 'utf8').slice(-3000);
  for (const deadline = Date.now() + 60_000; ;) {
    const bound = /Server bound to 127\.0\.0\.1:(\d+)/.exec(readFileSync(logFile, 'utf8'));
    if (bound) return { port: Number(bound[1]), directory, child, stop, tail };
    if (child.exitCode !== null || Date.now() > deadline) {
      const text = tail();
      await stop();
      throw new Error(`the VS Code server did not start:\n${text}`);
    }
    await new Promise((wait) => { setTimeout(wait, 30); });
  }
}

/** The address that opens a folder. @param payload pairs that the workbench reads, such as `['openFile', …]` */
export function editorAddress(port, folder, payload, token) {
  const query = [
    ...(token === undefined ? [] : [`tkn=${token}`]),
    folder === undefined ? 'ew=true' : `folder=${encodeURIComponent(folder)}`,
    `payload=${encodeURIComponent(JSON.stringify(payload))}`,
  ];
  return `http://127.0.0.1:${port}/?${query.join('&')}`;
}
