import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { escapeMarkdown, labelText, messageText, plainText } from '../../../src/presentation/untrustedText.ts';

/** What a Markdown renderer makes of text without structure: backslashes and entities resolved. */
const rendered = (markdown: string): string => markdown.replace(/\\([!-/:-@[-`{-~])|&#(\d+);/g, (_, char: string | undefined, code: string) => char ?? String.fromCharCode(Number(code)));

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('`', '*', '_', '[', '](', ')', '<', '>', '&', '$(', 'zap)', '\\', '|', '\n', '\r', '\u2028', 'https://e.example', 'www.e.example', 'a@e.example', '#', '- ', '~~', '!', '{', '\u202E', '\u200B', 'x', ' '))
    .map((parts) => parts.join('')),
);

describe('text that others wrote', () => {
  it('keeps ordinary words', () => assert.equal(plainText('ghcr.io/o/app:1 größe 图像'), 'ghcr.io/o/app:1 größe 图像'));
  it('becomes one line', () => assert.equal(plainText('a\r\nb\tc\u2028d'), 'a b c d'));
  for (const [name, char] of [['a right-to-left override', '\u202E'], ['an isolate', '\u2066'], ['a zero-width space', '\u200B'], ['a null', '\0'], ['an escape', '\u001B'], ['half a surrogate pair', '\uD800'], ['a tag character', '\u{E0041}']] as const) {
    it(`shows ${name} as a replacement character`, () => assert.match(plainText(`a${char}b`), /^a\uFFFD+b$/u));
  }
  it('is cut with a mark', () => assert.equal(plainText('x'.repeat(300), 10), `${'x'.repeat(10)}…`));
  it('is not cut through a character', () => assert.equal(plainText(`${'x'.repeat(9)}😀y`, 10), `${'x'.repeat(9)}…`));
  it('is bounded however long it is', () => assert.ok(escapeMarkdown('$'.repeat(10_000_000)).length < 2000));

  it('becomes no link in a message, whatever it was', () => {
    assert.equal(messageText('[ok](command:quit) and [x](https://e.example "y")'), '[ok] (command:quit) and [x] (https://e.example "y")');
    assert.equal(messageText('[ok]\u200B(command:quit)'), '[ok]\uFFFD(command:quit)');
    fc.assert(fc.property(hostile, (text) => assert.ok(!messageText(text).includes(']('))));
    assert.ok(messageText('x'.repeat(10_000)).length < 1010);
  });

  it('draws no icon in labels', () => assert.equal(labelText('$(verified-filled) x'), '\\$(verified-filled) x'));

  it('holds no control or line break character, whatever it was', () => {
    fc.assert(fc.property(hostile, (text) => {
      assert.doesNotMatch(plainText(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(plainText(text), /\p{Cs}/u);
    }));
  });

  it('survives Markdown unchanged', () => {
    fc.assert(fc.property(hostile, (text) => assert.equal(rendered(escapeMarkdown(text)), plainText(text))));
  });

  it('has no structure in Markdown', () => {
    fc.assert(fc.property(hostile, (text) => {
      const bare = escapeMarkdown(text).replace(/\\[!-/:-@[-`{-~]|&#\d+;/g, '');
      assert.doesNotMatch(bare, /[`*_[\]<>&$|~\\{}#!@()]|:\/\/|www\./);
    }));
  });
});
