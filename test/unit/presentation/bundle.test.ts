// Every text for people is in l10n/bundle.l10n.json, and nothing else is. `UPDATE_L10N=1 node test/run.mjs unit presentation/bundle` writes it anew.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import ts from 'typescript';

const root = process.cwd();
const bundleFile = join(root, 'l10n/bundle.l10n.json');
/** All that the editor shows. The command line, which stays English, is not. */
const folders = ['src/core', 'src/node', 'src/presentation', 'src/vscode', 'src/extension.ts', 'src/engine.ts', 'src/signing.ts', 'src/policies.ts', 'src/kubernetes.ts'];
/** Hand texts on: the only places where a text may be a variable. */
const adapters = ['src/vscode/words.ts', 'src/presentation/translate.ts'].map((file) => join(root, file));

interface Texts {
  readonly texts: ReadonlySet<string>;
  /** Calls whose text is not written out, so that nobody could translate it. */
  readonly unreadable: readonly string[];
}

/** Every `t('…')`, `….l10n.t('…')` and said`…` of the source. */
function readTexts(): Texts {
  const texts = new Set<string>();
  const unreadable: string[] = [];
  const files = folders.flatMap((name) => (name.endsWith('.ts') ? [join(root, name)] : readdirSync(join(root, name), { recursive: true }).map((file) => join(root, name, String(file)))));
  for (const file of files.filter((name) => name.endsWith('.ts') && !adapters.includes(name))) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isTranslate(node.expression)) {
        const [first] = node.arguments;
        if (first && ts.isStringLiteralLike(first)) texts.add(first.text);
        else unreadable.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
      }
      if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'said' && isWorded(node.template)) texts.add(templateOf(node.template));
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { texts, unreadable };
}

function isTranslate(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 't';
  return ts.isPropertyAccessExpression(callee) && (callee.name.text === 't' || callee.name.text === '#t');
}

/** As `said` builds it. */
function templateOf(template: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return template.head.text + template.templateSpans.map(({ literal }, index) => `{${index}}${literal.text}`).join('');
}

/** Arguments with nothing but signs between them are the same in every language. */
const isWorded = (template: ts.TemplateLiteral): boolean => /\p{L}/u.test(templateOf(template).replace(/\{\d+\}/g, ''));

describe('the bundle of texts', () => {
  let found: Texts;
  before(() => {
    found = readTexts();
    if (process.env['UPDATE_L10N'] === '1') {
      writeFileSync(bundleFile, `${JSON.stringify(Object.fromEntries([...found.texts].sort().map((text) => [text, text])), null, 2)}\n`);
    }
  });
  const bundle = (): Record<string, string> => JSON.parse(readFileSync(bundleFile, 'utf8')) as Record<string, string>;

  it('has every text of the source', () => {
    assert.ok(found.texts.size > 100);
    assert.deepEqual([...found.texts].filter((text) => !(text in bundle())), [], 'run UPDATE_L10N=1 node test/run.mjs unit presentation/bundle');
  });
  it('has nothing else', () => assert.deepEqual(Object.keys(bundle()).filter((text) => !found.texts.has(text)), []));
  it('gives the English text as it stands in the source', () => assert.deepEqual(Object.entries(bundle()).filter(([text, value]) => text !== value), []));
  it('can be translated: no text is put together in code', () => assert.deepEqual(found.unreadable, []));
  it('numbers its arguments from zero without a gap', () => {
    for (const text of found.texts) {
      const numbers = new Set([...text.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number)));
      assert.deepEqual([...numbers].sort(), [...numbers.keys()].map((_, index) => index), text);
      assert.doesNotMatch(text, /\{(?!\d+\})/, 'a brace that is no argument');
    }
  });
});
