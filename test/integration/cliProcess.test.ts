// The command line as the process that people start: pipes, signals and exit codes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { CliProcess, ended } from '../support/cliProcess.ts';

let cli: CliProcess;
before(async () => { cli = await CliProcess.build(); });

describe('the process', () => {
  it('runs with plain node and no node_modules', async () => {
    const { code, stdout, stderr } = await cli.run(['--version']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^countersign \d+\.\d+\.\d+\n$/);
  });

  it('reads a Dockerfile from standard input by both of its names', async () => {
    for (const name of ['-', '/dev/stdin']) {
      const { code, stdout } = await cli.run(['dockerfile', 'images', '--output', 'json', name], { input: 'FROM alpine:3.20\n' });
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), {
        file: name, error: null,
        refs: [{ kind: 'from', line: 1, range: { start: { line: 0, character: 5 }, end: { line: 0, character: 16 } }, raw: 'alpine:3.20', reference: 'index.docker.io/library/alpine:3.20', missing: [], stage: 0, platform: null }],
      });
    }
  });

  it('reads files, and says which of them it cannot read', async () => {
    writeFileSync(join(cli.directory, 'Dockerfile'), 'FROM a\n');
    const { code, stdout, stderr } = await cli.run(['dockerfile', 'images', 'Dockerfile', 'missing', '.']);
    assert.equal(code, 1);
    assert.equal(stdout, 'Dockerfile:1:6: from index.docker.io/library/a:latest\n');
    assert.match(stderr, /"missing" does not exist\.\nError: "\." is a folder, not a file\./);
  });

  it('ends with 130 on Ctrl-C while it waits, and says nothing on standard output', { skip: process.platform === 'win32' }, async () => {
    const child = cli.start(['dockerfile', 'images', '-']);
    const result = ended(child);
    // More than a pipe holds: when it is all written, the process is reading.
    await new Promise((resolve) => { child.stdin.write('# a comment\n'.repeat(30_000), resolve); });
    child.kill('SIGINT');
    const { code, stdout } = await result;
    assert.deepEqual([code, stdout], [130, '']);
  });

  it('stops when nobody reads its output any more', { skip: process.platform === 'win32' }, async () => {
    writeFileSync(join(cli.directory, 'long'), 'FROM a\n'.repeat(20_000));
    const child = cli.start(['dockerfile', 'images', 'long', 'long', 'long']);
    child.stdin.end();
    const result = ended(child);
    child.stdout.destroy();
    const { code, stderr } = await result;
    assert.deepEqual([code, stderr], [141, '']);
  });
});
