// The command line on a real terminal: who is asked, where the question stands, and that a password is not shown.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { CliProcess } from '../support/cliProcess.ts';
import { onTerminal } from '../support/terminal.ts';

let cli: CliProcess;
before(async () => { cli = await CliProcess.build(); });
const password = 'correct horse 7';

describe('on a terminal', { skip: process.platform !== 'linux' }, () => {
  it('asks for a new password twice, and shows neither', async () => {
    const screen = await onTerminal(cli, ['generate-key-pair', '--output-key-prefix', 'typed'], [['Enter password for private key: ', `${password}\r`], ['again: ', `${password}\r`]]);
    assert.match(screen, /Enter password for private key: \r\nEnter password for private key again: \r\nPrivate key written to typed\.key/);
    assert.doesNotMatch(screen, /correct horse/);
    const { code } = await cli.run(['public-key', '--key', 'typed.key'], { env: { COSIGN_PASSWORD: password } });
    assert.equal(code, 0);
  });

  it('asks, and shows nothing of the answer, when standard error goes to a file', async () => {
    const log = join(cli.directory, 'said.log');
    const said = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
    const screen = await onTerminal(cli, ['generate-key-pair', '--output-key-prefix', 'logged'], [[() => said().includes('key: '), `${password}\r`], [() => said().includes('again: '), `${password}\r`]], '2>said.log');
    assert.doesNotMatch(screen, /correct horse/);
    assert.match(said(), /^Enter password for private key: \nEnter password for private key again: \n/);
    const { code } = await cli.run(['public-key', '--key', 'logged.key'], { env: { COSIGN_PASSWORD: password } });
    assert.equal(code, 0);
  });

  it('writes no key when the two passwords differ, or after Ctrl-C', async () => {
    const differ = await onTerminal(cli, ['generate-key-pair', '--output-key-prefix', 'differ'], [['private key: ', 'one\r'], ['again: ', 'two\r']]);
    assert.match(differ, /do not match/);
    const stopped = await onTerminal(cli, ['generate-key-pair', '--output-key-prefix', 'stopped'], [['private key: ', 'half\u0003']]);
    assert.doesNotMatch(stopped, /written/);
    for (const file of ['differ.key', 'differ.pub', 'stopped.key', 'stopped.pub']) assert.equal(existsSync(join(cli.directory, file)), false, file);
  });

  it('asks before a key is overwritten, and takes anything but yes for no', async () => {
    const before = readFileSync(join(cli.directory, 'typed.key'), 'utf8');
    const screen = await onTerminal(cli, ['generate-key-pair', '--output-key-prefix', 'typed'], [['[y/N] ', '\r']]);
    assert.match(screen, /typed\.key and .*typed\.pub exists? already/);
    assert.equal(readFileSync(join(cli.directory, 'typed.key'), 'utf8'), before);
  });
});
