import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { settingDefaults } from '../../../src/contributions.ts';
import { CosignError, errorCodes } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import { documentationPath, documentationUrl } from '../../../src/presentation/documentation.ts';
import { failureText, shortReason } from '../../../src/presentation/failureText.ts';
import { english, type Translate } from '../../../src/presentation/translate.ts';
import { pseudo } from '../../support/pseudo.ts';

describe('a failure', () => {
  it('has a sentence, a remedy and a page for every code', () => {
    for (const code of errorCodes) {
      const found = failureText(new CosignError(code, said`It failed`), english);
      assert.match(found.remedy, /^[A-Z].{8,160}\.$/, code);
      assert.equal(found.text, `It failed. ${found.remedy}`, code);
      assert.equal(found.page, `docs/codes/${code}.md`);
    }
  });
  it('says its own remedy where it has one', () => {
    assert.equal(failureText(new CosignError('INTERNAL', said`A.`, { remedy: said`Do this.` }), english).text, 'A. Do this.');
  });
  it('is translated, message and remedy', () => {
    const german: Translate = (message, ...args) => english({ 'The key {0} is {1}.': 'Schlüssel {0}: {1}.', lost: 'verloren', 'Look for {0}.': 'Such {0}.' }[message] ?? message, ...args);
    assert.equal(failureText(new CosignError('KEY_UNREADABLE', said`The key ${'a'} is ${said`lost`}.`, { remedy: said`Look for ${'a'}.` }), german).text, 'Schlüssel a: verloren. Such a.');
  });
  it('has a title, a remedy and offers in the language of the person, for every code', () => {
    const bundle = JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8')) as Readonly<Record<string, string>>;
    const other: Translate = (message, ...args) => {
      assert.ok(message in bundle, message);
      return english(pseudo(message), ...args);
    };
    for (const code of errorCodes) {
      const { text, actions } = failureText(new CosignError(code, said`It failed`), (message, ...args) => (message === 'It failed' ? '。' : other(message, ...args)));
      for (const shown of [shortReason(code, other), text, ...actions.map(({ title }) => title)]) {
        assert.match(shown, /⟦.+⟧/, code);
        assert.doesNotMatch(shown, /[A-Za-z]/, code);
      }
    }
  });
  it('gets no second full stop where another language has its own', () => {
    const japanese: Translate = (message) => `${message === 'It failed' ? '失敗しました' : 'もう一度'}。`;
    assert.equal(failureText(new CosignError('INTERNAL', said`It failed`, { remedy: said`Again` }), japanese).text, '失敗しました。 もう一度。');
  });
  it('offers only settings that exist', () => {
    for (const code of errorCodes) {
      for (const action of failureText(new CosignError(code, said`x`), english).actions) {
        if (action.kind === 'open setting') assert.ok(action.setting in settingDefaults || action.setting === 'http.proxy' || action.setting === 'countersign', action.setting);
      }
    }
  });
  it('offers the setting that changes the outcome', () => {
    const settings = (code: (typeof errorCodes)[number]): readonly string[] => failureText(new CosignError(code, said`x`), english).actions.flatMap((action) => (action.kind === 'open setting' ? [action.setting] : []));
    assert.deepEqual(settings('REGISTRY_PLAIN_HTTP_REFUSED'), ['countersign.registries.insecure']);
    assert.deepEqual(settings('REGISTRY_TLS'), ['countersign.registries.certificateAuthorities']);
    assert.deepEqual(settings('KEY_INVALID'), ['countersign.keys']);
  });
  it('offers the setting that the error itself names, or none, in place of the one of its code', () => {
    const kinds = (setting: string | false): readonly unknown[] => failureText(new CosignError('REGISTRY_TLS', said`x`, { setting }), english).actions.map((action) => (action.kind === 'open setting' ? action.setting : action.kind));
    assert.deepEqual(kinds('http.proxyStrictSSL'), ['http.proxyStrictSSL', 'retry', 'open log', 'diagnose registry']);
    assert.deepEqual(kinds(false), ['retry', 'open log', 'diagnose registry']);
    const [first] = failureText(new CosignError('REGISTRY_UNAVAILABLE', said`x`, { setting: 'http.proxy' }), english).actions;
    assert.deepEqual(first, { kind: 'open setting', setting: 'http.proxy', title: 'Open Setting' });
  });
  it('is one bounded line whatever its cause says', () => {
    const { text } = failureText(new CosignError('INTERNAL', said`a\n\u202E${'x'.repeat(1e6)}`), english);
    assert.ok(text.length < 1200);
    assert.doesNotMatch(text, /[\n\u202E]/);
  });
});

describe('the page of a code', () => {
  it('lies inside the extension', () => assert.equal(documentationPath('unsigned'), 'docs/codes/unsigned.md'));
  it('has no address while nothing is published, and one afterwards', () => {
    assert.equal(documentationUrl('unsigned', ''), undefined);
    assert.equal(documentationUrl('REGISTRY_TLS', 'https://example.com/r'), 'https://example.com/r/blob/main/docs/codes/REGISTRY_TLS.md');
  });
});
