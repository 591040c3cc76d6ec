// Every text for people is in l10n/bundle.l10n.json, and nothing else is. `UPDATE_L10N=1 node test/run.mjs unit presentation/bundle` writes it anew.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import ts from 'typescript';

const root = process.cwd();
const bundleFile = join(root, 'l10n/bundle.l10n.json');
const folders = ['src/presentation', 'src/vscode'];
/** Hands texts on to the editor: the one place where a text may be a variable. */
const adapter = join(root, 'src/vscode/words.ts');

interface Texts {
  readonly texts: ReadonlySet<string>;
  /** Calls whose text is not written out, so that nobody could translate it. */
  readonly unreadable: readonly string[];
}

/** Every `t('…')` and `….l10n.t('…')` of the source. */
function readTexts(): Texts {
  const texts = new Set<string>();
  const unreadable: string[] = [];
  const files = [join(root, 'src/extension.ts'), ...folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(root, folder, String(name))))];
  for (const file of files.filter((name) => name.endsWith('.ts') && name !== adapter && existsSync(name))) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isTranslate(node.expression)) {
        const [first] = node.arguments;
        if (first && ts.isStringLiteralLike(first)) texts.add(first.text);
        else unreadable.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
      }
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
