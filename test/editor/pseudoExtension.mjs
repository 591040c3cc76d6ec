// The extension with two files more: its translation into the language for tests, as somebody who adds a language adds it.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTool, root } from '../../esbuild.mjs';

/** @returns the folder of the extension, and the language that it has now */
export async function makePseudoExtension() {
  const { pseudo, pseudoLanguage } = await loadTool('test/support/pseudo.ts');
  const folder = join(root, 'out/pseudo');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'l10n'), { recursive: true });
  for (const part of readdirSync(root).filter((name) => ['package.json', 'package.nls.json', 'docs', 'media', 'snippets', 'syntaxes'].includes(name))) symlinkSync(join(root, part), join(folder, part));
  // Not a link: whose words a file asks for, the editor tells by where it really is.
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  const translate = (from, to) => {
    const texts = Object.entries(JSON.parse(readFileSync(join(root, from), 'utf8')));
    writeFileSync(join(folder, to), JSON.stringify(Object.fromEntries(texts.map(([key, text]) => [key, typeof text === 'string' ? pseudo(text) : { ...text, message: pseudo(text.message) }]))));
  };
  translate('package.nls.json', `package.nls.${pseudoLanguage}.json`);
  translate('l10n/bundle.l10n.json', `l10n/bundle.l10n.${pseudoLanguage}.json`);
  return { folder, language: pseudoLanguage };
}
