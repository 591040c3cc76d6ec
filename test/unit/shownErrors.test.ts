// What the editor's half shows of a failure, or of anything that the core says, goes through `inWords` and `failureText`: what else makes a text of it stays English.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { before, describe, it } from 'node:test';
import ts from 'typescript';

const root = process.cwd();
/** The log is English. */
const english = ['src/vscode/logView.ts', 'src/vscode/failureLog.ts'];
const shown = ['src/presentation', 'src/vscode'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => `${folder}/${String(file).replaceAll('\\', '/')}`))
  .filter((file) => file.endsWith('.ts') && !english.includes(file));

function programOf(files: readonly string[], host: ts.CompilerHost): ts.Program {
  return ts.createProgram([...files], options, host);
}

const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config, ts.sys, root);

/** @returns where a text is made of a failure, of what the core says, or of something that could be one */
function untranslated(program: ts.Program, files: readonly string[]): readonly string[] {
  const checker = program.getTypeChecker();
  /** A type of the language itself has no symbol, whatever the declarations say. */
  const nameOf = ({ symbol }: { readonly symbol?: ts.Symbol }): string => symbol?.name ?? '';
  const isSaid = (node: ts.Expression): boolean => partsOf(checker.getTypeAtLocation(node)).some((type) => (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0 || ['CosignError', 'Said', 'Error'].includes(nameOf(type)));
  const found: string[] = [];
  for (const file of files) {
    const source = program.getSourceFile(join(root, file)) ?? assert.fail(file);
    const visit = (node: ts.Node): void => {
      if (textsIn(node).some(isSaid)) found.push(`${relative(root, source.fileName)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText().slice(0, 80)}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** `e.message`, `e.toString()`, `String(e)`, `'…' + e`, `${e}`. */
function textsIn(node: ts.Node): readonly ts.Expression[] {
  if (ts.isPropertyAccessExpression(node) && ['message', 'toString', 'stack'].includes(node.name.text)) return [node.expression];
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'String') return node.arguments;
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) return [node.left, node.right];
  if (ts.isTemplateExpression(node) && !(ts.isTaggedTemplateExpression(node.parent) && node.parent.tag.getText() === 'said')) return node.templateSpans.map(({ expression }) => expression);
  return [];
}

function partsOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnionOrIntersection() ? type.types.flatMap(partsOf) : [type];
}

describe('what the editor shows', () => {
  let host: ts.CompilerHost;
  let program: ts.Program;
  before(() => {
    host = ts.createCompilerHost(options);
    program = programOf(shown.map((file) => join(root, file)), host);
  });

  it('makes no text of a failure or of what the core says but in words of the person', () => {
    assert.ok(shown.length > 100);
    assert.deepEqual(untranslated(program, shown), []);
  });

  it('would be seen to: each way to make a text', () => {
    const file = 'src/vscode/example.ts';
    const lines = [
      'export const a = (e: CosignError): string => e.message;', 'export const b = (e: CosignError): string => e.said.toString();', 'export const c = (e: unknown): string => String(e);',
      'export const d = (e: Said | string): string => String(e);', 'export const f = (e: CosignError | undefined): string => `${e}`;', "export const g = (e: CosignError): string => 'x' + e;", 'export const h = (e: Error): string => e.message;',
    ];
    const text = ["import type { CosignError } from '../core/errors.ts';", "import type { Said } from '../core/said.ts';", ...lines, 'export const fine = (e: { readonly message: string }): string => e.message + String(3) + `${3}`;'].join('\n');
    const path = join(root, file);
    const withExample: ts.CompilerHost = {
      ...host, fileExists: (name) => name === path || host.fileExists(name), readFile: (name) => (name === path ? text : host.readFile(name)),
      getSourceFile: (name, version) => (name === path ? ts.createSourceFile(name, text, version, true) : program.getSourceFile(name) ?? host.getSourceFile(name, version)),
    };
    assert.deepEqual(untranslated(programOf([path], withExample), [file]).map((at) => /:(\d+):/.exec(at)?.[1]), lines.map((_, index) => String(index + 3)));
  });
});
