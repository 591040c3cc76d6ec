// Tokenizes text with the grammars of this repository, as the editor does.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createOnigScanner, createOnigString, loadWASM } from 'vscode-oniguruma';
import { INITIAL, parseRawGrammar, Registry, type IGrammar } from 'vscode-textmate';

const root = process.cwd();
const require = createRequire(join(root, 'package.json'));

/** A small grammar that stands where the editor's own Dockerfile grammar stands: same scope, same kinds of rules. */
const hostGrammar = JSON.stringify({
  scopeName: 'source.dockerfile',
  patterns: [
    { match: '^\\s*(?i:(ONBUILD)\\s+)?(?i:(FROM|ARG|RUN|COPY|ENV|LABEL))\\s', captures: { 1: { name: 'keyword.control.dockerfile' }, 2: { name: 'keyword.other.special-method.dockerfile' } } },
    { begin: '"', end: '"', name: 'string.quoted.double.dockerfile' },
    { match: '^(\\s*)((#).*$\\n?)', captures: { 2: { name: 'comment.line.number-sign.dockerfile' } } },
  ],
});

const files: Readonly<Record<string, string>> = {
  'countersign.dockerfile.reference': 'syntaxes/dockerfile-reference.tmLanguage.json',
  'source.cosign-key': 'syntaxes/cosign-key.tmLanguage.json',
};

let wasm: Promise<void> | undefined;

export async function loadGrammar(scopeName: string): Promise<IGrammar> {
  const bytes = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await (wasm ??= loadWASM(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)));
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: (scope) => {
      const file = files[scope];
      const text = scope === 'source.dockerfile' ? hostGrammar : file === undefined ? undefined : readFileSync(join(root, file), 'utf8');
      return Promise.resolve(text === undefined ? null : parseRawGrammar(text, `${scope}.json`));
    },
    getInjections: (scope) => (scope === 'source.dockerfile' ? ['countersign.dockerfile.reference'] : []),
  });
  const grammar = await registry.loadGrammar(scopeName);
  if (!grammar) throw new Error(`no grammar for ${scopeName}`);
  return grammar;
}

export interface Token { readonly text: string; readonly scopes: readonly string[] }

/** Tokens line by line. */
export function tokenize(grammar: IGrammar, text: string): readonly (readonly Token[])[] {
  let stack = INITIAL;
  return text.split('\n').map((line) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    return result.tokens.map(({ startIndex, endIndex, scopes }) => ({ text: line.slice(startIndex, endIndex), scopes }));
  });
}

/** The texts whose innermost scopes name a part of a reference, in order: `registry ghcr.io`, `repository o/app`, `tag 1`, `digest …`, `variable X`. */
export function referenceParts(grammar: IGrammar, text: string): readonly string[] {
  const parts: readonly (readonly [string, string])[] = [
    ['entity.name.namespace.registry', 'registry'], ['entity.name.type.repository', 'repository'],
    ['entity.name.tag.image', 'tag'], ['constant.numeric.digest', 'digest'], ['variable.other', 'variable'],
  ];
  return tokenize(grammar, text).flat().flatMap(({ text: word, scopes }) => {
    const innermost = scopes[scopes.length - 1] ?? '';
    const part = parts.find(([scope]) => innermost.startsWith(scope));
    return part ? [`${part[1]} ${word}`] : [];
  });
}
