import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadGrammar, tokenize } from './tokens.ts';

async function scopes(text: string): Promise<readonly (string | undefined)[]> {
  return tokenize(await loadGrammar('source.cosign-key'), text).map((line) => line.find(({ text: word }) => /[A-Za-z]/.test(word.replace(/BEGIN|END|-/g, '')))?.scopes.at(-1));
}

const pem = (type: string, body = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\nq83vEjRWeJA='): string => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----`;

describe('the colours of cosign keys', () => {
  for (const type of ['ENCRYPTED SIGSTORE PRIVATE KEY', 'ENCRYPTED COSIGN PRIVATE KEY']) {
    it(`mark an ${type}`, async () => {
      const mark = 'entity.name.type.private-key.cosign-key';
      assert.deepEqual(await scopes(pem(type)), [mark, 'string.unquoted.base64.cosign-key', 'string.unquoted.base64.cosign-key', mark]);
    });
  }
  for (const type of ['PUBLIC KEY', 'RSA PUBLIC KEY']) {
    it(`mark a ${type}`, async () => {
      const mark = 'entity.name.type.public-key.cosign-key';
      assert.deepEqual(await scopes(pem(type)), [mark, 'string.unquoted.base64.cosign-key', 'string.unquoted.base64.cosign-key', mark]);
    });
  }
  it('mark a block that is no key of cosign as wrong', async () => {
    assert.deepEqual(new Set(await scopes('-----BEGIN CERTIFICATE-----')), new Set(['invalid.illegal.block.cosign-key']));
  });
  it('mark a line that is no base64 as wrong', async () => {
    assert.equal((await scopes(pem('PUBLIC KEY', 'not base64!')))[1], 'invalid.illegal.base64.cosign-key');
  });
  it('end a block at the next one when its end is missing', async () => {
    assert.deepEqual(await scopes('-----BEGIN PUBLIC KEY-----\nAAAA\n-----BEGIN PUBLIC KEY-----\nBBBB'), [
      'entity.name.type.public-key.cosign-key', 'string.unquoted.base64.cosign-key', 'entity.name.type.public-key.cosign-key', 'string.unquoted.base64.cosign-key',
    ]);
  });
  it('read several blocks and the text around them, with carriage returns too', async () => {
    const found = await scopes(`our keys\r\n${pem('PUBLIC KEY').replaceAll('\n', '\r\n')}\r\nand ours\n${pem('PUBLIC KEY')}`);
    assert.equal(found[0], 'comment.line.cosign-key');
    assert.equal(found.filter((scope) => scope === 'entity.name.type.public-key.cosign-key').length, 4);
    assert.equal(found.filter((scope) => scope === 'string.unquoted.base64.cosign-key').length, 4);
  });
});
