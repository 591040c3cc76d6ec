// Keys as people paste them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isKeyAddress, restorePem } from '../../src/vscode/commands/pastedKey.ts';

const body = 'A'.repeat(100);
const pem = `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\n${'A'.repeat(36)}\n-----END PUBLIC KEY-----\n`;

describe('a pasted key', () => {
  for (const [what, text] of [
    ['as it is', pem], ['with spaces for line breaks', pem.replaceAll('\n', ' ')], ['with Windows line breaks', pem.replaceAll('\n', '\r\n')],
    ['without any line break', `-----BEGIN PUBLIC KEY-----${body}-----END PUBLIC KEY-----`], ['with text around it', `my key:\n${pem}\nbye`], ['with a byte order mark', `\uFEFF${pem}`],
  ] as const) {
    it(`${what} becomes the PEM it was`, () => assert.equal(restorePem(text), pem));
  }
  it('may be several', () => assert.equal(restorePem(`${pem} ${pem}`), pem + pem));
  it('keeps what kind of block it is, so that a private key is known for one', () => assert.match(restorePem(pem.replaceAll('PUBLIC', 'ENCRYPTED COSIGN PRIVATE')) ?? '', /BEGIN ENCRYPTED COSIGN PRIVATE KEY/));
  for (const text of ['', 'hello', '-----BEGIN PUBLIC KEY-----', pem.replace('END PUBLIC', 'END PRIVATE')]) {
    it(`is none: ${JSON.stringify(text.slice(0, 40))}`, () => assert.equal(restorePem(text), undefined));
  }
  it('is looked for in bounded time', () => assert.equal(restorePem('-----BEGIN PUBLIC KEY-----'.repeat(100_000)), undefined));
});

describe('an address of a key', () => {
  for (const [text, expected] of [['https://example.com/a.pub', true], ['env://KEY_1', true], ['http://example.com/a.pub', false], ['env://1', false], ['file:///etc/passwd', false], ['https://', false]] as const) {
    it(`${text} ${expected ? 'is one' : 'is none'}`, () => assert.equal(isKeyAddress(text), expected));
  }
});
