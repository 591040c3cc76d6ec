// What is installed while the tests are prepared is there for the tests that follow.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'node:test';

describe('the search for peers', () => {
  it('finds a program that was installed after the first search', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-peers-'));
    const script = `
      import { chmodSync, writeFileSync } from 'node:fs';
      import { loadTool } from ${JSON.stringify(pathToFileURL(resolve('esbuild.mjs')).href)};
      const kubectl = async () => (await loadTool('test/support/peers.ts')).peers().kubectl ?? null;
      const program = ${JSON.stringify(join(folder, process.platform === 'win32' ? 'kubectl.exe' : 'kubectl'))};
      const before = await kubectl();
      writeFileSync(program, '');
      chmodSync(program, 0o755);
      console.log(JSON.stringify([before, await kubectl()]));
      process.exit(0);`;
    try {
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: { ...process.env, PATH: folder, PEERS_DIR: '' } });
      assert.equal(stdout.trim(), JSON.stringify([null, join(folder, process.platform === 'win32' ? 'kubectl.exe' : 'kubectl')]), stderr);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
