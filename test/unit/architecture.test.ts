// The architecture as a test: who may import whom, how long a file may be, what the core may not touch, and what is shipped.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'node:test';
import type { Metafile } from 'esbuild';
import ts from 'typescript';

const root = process.cwd();
const sources = readdirSync(join(root, 'src'), { recursive: true }).map(String).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => posix.join('src', file.replaceAll('\\', '/'))).sort();
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What each part of src may import besides itself: other parts, and packages. A part is a folder, or a file of its own. */
const layers: Readonly<Record<string, readonly string[]>> = {
  'src/core/said.ts': [],
  'src/core/errors.ts': ['src/core/said.ts'],
  'src/core/textRange.ts': [],
  'src/contributions.ts': [],
  'src/core/encoding': ['src/core/errors.ts', 'src/core/said.ts'],
  'src/core/async': ['src/core/errors.ts', 'src/core/said.ts'],
  'src/core/crypto': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/encoding', '@noble/ciphers', '@noble/curves', 'node:crypto'],
  'src/core/oci': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/encoding', 'src/core/async', 'src/core/crypto', 'smol-toml'],
  'src/core/dockerfile': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/textRange.ts', 'src/core/oci', 'dockerfile-ast'],
  'src/core/rewriting': ['src/core/textRange.ts', 'src/core/crypto', 'src/core/oci', 'src/core/dockerfile'],
  'src/core/policy': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/textRange.ts', 'src/core/encoding', 'src/core/crypto', 'src/core/oci', 'yaml', 'jsonc-parser'],
  'src/core/cosign': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/encoding', 'src/core/crypto', 'src/core/oci', 'src/core/policy'],
  'src/core/verification': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/encoding', 'src/core/async', 'src/core/crypto', 'src/core/oci', 'src/core/cosign', 'src/core/policy', 'src/core/engine.ts'],
  'src/core/signing': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/encoding', 'src/core/async', 'src/core/crypto', 'src/core/oci', 'src/core/cosign', 'src/core/policy', 'src/core/verification', 'src/core/signingEngine.ts'],
  'src/core/diagnosis': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/crypto', 'src/core/oci', 'src/core/cosign'],
  'src/core/kubernetes': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/encoding', 'src/core/crypto'],
  'src/core/engine.ts': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/verification/contentStore.ts', 'src/core/kubernetes', 'src/core/crypto', 'src/core/dockerfile', 'src/core/rewriting', 'src/core/oci', 'src/core/policy', 'src/core/signingEngine.ts', 'src/core/copyEngine.ts', 'src/core/contentsEngine.ts', 'src/core/diagnosis'],
  'src/core/contentsEngine.ts': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/crypto', 'src/core/oci', 'src/core/copyEngine.ts'],
  'src/core/contents': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/crypto', 'src/core/oci', 'src/core/signing', 'src/core/verification', 'src/core/copy', 'src/core/copyEngine.ts', 'src/core/contentsEngine.ts', 'jsonc-parser'],
  'src/core/copyEngine.ts': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/crypto', 'src/core/oci', 'src/core/policy'],
  'src/core/copy': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/encoding', 'src/core/async', 'src/core/crypto', 'src/core/oci', 'src/core/cosign', 'src/core/policy', 'src/core/verification', 'src/core/signing', 'src/core/copyEngine.ts', 'src/core/engine.ts'],
  'src/core/signingEngine.ts': ['src/core/errors.ts', 'src/core/said.ts', 'src/core/crypto', 'src/core/oci', 'src/core/policy', 'src/core/signing'],
  'src/node': ['src/core', 'node:', 'undici'],
  'src/node/kubernetes': ['src/core', 'src/node', 'node:', '@kubernetes/client-node'],
  'src/presentation': ['src/core'],
  'src/vscode': ['src/core', 'src/presentation', 'src/contributions.ts', 'vscode'],
  'src/cli': ['src/core', 'src/presentation', 'src/contributions.ts', 'node:util', 'node:path', 'node:url'],
  'src/cli.ts': ['src/core', 'src/node', 'src/cli', 'src/engine.ts', 'package.json', 'node:'],
  'src/engine.ts': ['src/core', 'src/node', 'src/signing.ts', 'src/kubernetes.ts', 'src/policies.ts', 'node:events'],
  'src/signing.ts': ['src/core', 'src/node'],
  'src/policies.ts': ['src/core', 'src/node'],
  'src/kubernetes.ts': ['src/core', 'src/node', 'node:crypto'],
  'src/extension.ts': ['src/core', 'src/presentation', 'src/contributions.ts', 'src/vscode', 'src/engine.ts', 'node:os', 'vscode'],
};

/** Names in the core that reach for the machine, the clock or chance: those are handed in. */
const machine = ['process', 'console', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'Date.now', 'Math.random'];

function partOf(file: string): string | undefined {
  return Object.keys(layers).filter((part) => isWithin(file, part)).sort((a, b) => b.length - a.length)[0];
}

const isWithin = (path: string, part: string): boolean => path === part || path.startsWith(part.endsWith(':') ? part : `${part}/`);

/** Everything a file imports, types and dynamic imports included: files of ours by path, packages by name. */
function importsOf(file: string, text = textOf(file)): readonly string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => (fileName.startsWith('.') ? posix.join(posix.dirname(file), fileName) : fileName));
}

describe('the layers', () => {
  it('hold every file', () => {
    assert.deepEqual(sources.filter((file) => partOf(file) === undefined), []);
  });

  it('import only what the table allows', () => {
    const wrong = sources.flatMap((file) => {
      const part = partOf(file) ?? '';
      return importsOf(file).filter((to) => ![part, ...layers[part] ?? []].some((allowed) => isWithin(to, allowed))).map((to) => `${file} imports ${to}`);
    });
    assert.deepEqual(wrong, []);
  });

  it('see a planted wrong import', () => {
    assert.equal(partOf('src/core/oci/reference.ts'), 'src/core/oci');
    assert.ok(![...layers['src/core/oci'] ?? [], 'src/core/oci'].some((allowed) => isWithin('src/node/undiciTransport.ts', allowed) || isWithin('node:fs', allowed)));
  });

  it('have imports that exist and name their extension', () => {
    const missing = sources.flatMap((file) => importsOf(file).filter((to) => to.startsWith('src/') && !sources.includes(to)).map((to) => `${file} imports ${to}`));
    assert.deepEqual(missing, []);
  });

  it('have no circles of files that load one another', () => {
    assert.deepEqual(findCircle(), []);
  });

  it('re-export no file as a whole', () => {
    assert.deepEqual(sources.filter((file) => /^export\s+(?:type\s+)?\*/m.test(textOf(file))), []);
  });
});

describe('every file', () => {
  it('begins with a comment that says why it exists', () => {
    assert.deepEqual(sources.filter((file) => !/^(?:#!\/usr\/bin\/env node\n)?(?:\/\/ |\/\*\* ?)\S.{5,}/.test(textOf(file))), []);
  });

  it('has at most 400 lines', () => {
    assert.deepEqual(sources.filter((file) => textOf(file).split('\n').length > 401), []);
  });

  it('has a name that says what it holds', () => {
    assert.deepEqual(sources.filter((file) => /(?:^|\/)(?:utils?|helpers?|common|misc)\.ts$/i.test(file)), []);
  });
});

describe('the core', () => {
  it('gets machine, clock and chance handed in', () => {
    const core = sources.filter((file) => file.startsWith('src/core/') || file.startsWith('src/presentation/'));
    assert.notEqual(core.length, 0);
    assert.deepEqual(core.flatMap((file) => machineNames(file, textOf(file))), []);
  });

  it('would be caught reaching for them', () => {
    const text = 'const a = process.env; const b = Date.now(); new Date(); setTimeout(() => {}, 1); const c = { process: 1 }.process;';
    assert.deepEqual(machineNames('x.ts', text), ['x.ts: process', 'x.ts: Date.now', 'x.ts: new Date()', 'x.ts: setTimeout']);
  });
});

describe('messages, modal questions and progress', () => {
  it('go through the one door that lets nothing in them become a link', () => {
    const others = sources.filter((file) => file !== 'src/vscode/messages.ts' && /\bshow(?:Information|Warning|Error)Message\b|ProgressLocation\.Notification/.test(textOf(file)));
    assert.deepEqual(others, []);
  });

  it('and prompts of questions through the one that asks', () => {
    const others = sources.filter((file) => file !== 'src/vscode/commands/steps.ts' && /\b(?:createInputBox|showInputBox|showQuickPick)\b/.test(textOf(file)));
    assert.deepEqual(others, []);
  });
});

/** Shortening, dating and measuring, wherever it is not done by those who do it for all: `shortDigest`, `timeText`, `sizeText`. */
const byHand: readonly (readonly [string, RegExp])[] = [
  ['a size in a unit of its own', /['"`}\d ][KMGT]i?B\b(?!\w)|\bkB\b|kibi|mebi|mega ?byte/i],
  ['a size in plain bytes', /(?:has|have|than) [^`]*\$\{[^}]*(?:bytes|limit|size)[^}]*\} bytes/i],
  ['a computed unit', /\/ 1024\b/],
  ['a date', /\.to(?:ISO|Locale\w*|UTC|Date|Time|GMT)String\(|DateTimeFormat|RelativeTimeFormat/],
  ['a part of a digest', /[dD]igest(?:Text|\))?\.(?:slice|substring|substr)\(/],
];
const formatters = ['src/core/encoding/sizeText.ts', 'src/presentation/digestText.ts', 'src/core/crypto/digest.ts'];

function formattedByHand(file: string, text: string): readonly string[] {
  return text.split('\n').filter((line) => !/^\s*(?:\/\/|\*|\/\*)/.test(line))
    .flatMap((line) => byHand.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${file}: ${what}: ${line.trim()}`));
}

describe('digests, dates and sizes', () => {
  // The creation date of a referrer is data: the registry gets it as RFC 3339 says.
  const data = /'org\.opencontainers\.image\.created'/;

  it('are shown in one style each', () => {
    const found = sources.filter((file) => !formatters.includes(file)).flatMap((file) => formattedByHand(file, textOf(file)));
    assert.deepEqual(found.filter((line) => !data.test(line)), []);
  });

  it('would be seen in another', () => {
    const lines = ['`${Math.round(size / 1024)} KiB`', "t('{0} MB', size)", '`it has ${bytes.length} bytes`', 'new Date(at).toLocaleString()', 'new Date(at).toISOString()', '`${digest.slice(7, 19)}`', '// 64 KiB'];
    assert.deepEqual(lines.map((line) => formattedByHand('x.ts', line).length > 0), [true, true, true, true, true, true, false]);
  });
});

interface Esbuild { readonly buildExtension: (options: { readonly production: boolean; readonly write: false }) => Promise<{ readonly metafile: Metafile }> }
interface Vsce { readonly PackageManager: { readonly None: number }; readonly listFiles: (options: { readonly cwd: string; readonly packageManager: number }) => Promise<readonly string[]> }

describe('the bundles', async () => {
  const { buildExtension } = await import(pathToFileURL(join(root, 'esbuild.mjs')).href) as Esbuild;
  const { metafile: { outputs } } = await buildExtension({ production: true, write: false });
  const bundle = (name: string): Metafile['outputs'][string] => {
    const found = outputs[`dist/${name}.js`];
    assert.ok(found, `there is no dist/${name}.js`);
    return found;
  };

  it('keep the half that is loaded at once within 100 KB', () => {
    assert.ok(bundle('extension').bytes <= 100 * 1024, `${bundle('extension').bytes} bytes`);
  });

  it('are all packed: a chunk that stays out fails only when it is needed', () => {
    const packed = textOf('.vscodeignore').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const scripts = Object.keys(outputs).filter((file) => file.endsWith('.js'));
    assert.ok(scripts.length > 10);
    assert.deepEqual(scripts.filter((file) => !packed.some((pattern) => posix.matchesGlob(file, pattern))), []);
  });

  it('load network, crypto and Dockerfile semantics with the engine only', () => {
    const eager = Object.keys(bundle('extension').inputs);
    assert.deepEqual(eager.filter((file) => /^src\/(?:node|engine\.ts)|node_modules/.test(file)), []);
    assert.ok(Object.keys(bundle('engine').inputs).some((file) => file.includes('node_modules/undici/')));
  });

  it('load what draws signed files only where there is one', () => {
    const views = /^src\/vscode\/(?:fileSignatureViews|fileSignatureStatusView|signatureFileView)\.ts$/;
    assert.deepEqual(Object.keys(bundle('extension').inputs).filter((file) => views.test(file)), []);
    assert.equal(Object.keys(bundle('vscode-fileSignatureViews').inputs).filter((file) => views.test(file)).length, 3);
  });

  it('load network and crypto on the command line only when a command needs them', () => {
    assert.deepEqual(Object.keys(bundle('cli').inputs).filter((file) => /^src\/(?:engine\.ts|vscode|node\/undici)|node_modules/.test(file)), []);
  });

  it('load a YAML parser only for policy files', () => {
    const yaml = /node_modules\/yaml\/|^src\/(?:policies\.ts|core\/policy\/cluster\/)/;
    assert.deepEqual([...Object.keys(bundle('extension').inputs), ...Object.keys(bundle('engine').inputs)].filter((file) => yaml.test(file)), []);
    assert.ok(Object.keys(bundle('policies').inputs).some((file) => file.includes('node_modules/yaml/')));
  });

  it('load the Kubernetes client only for keys in Kubernetes', () => {
    const kubernetes = /node_modules\/(?:@kubernetes|openid-client|js-yaml)\/|^src\/(?:node\/kubernetes\/|kubernetes\.ts)/;
    assert.deepEqual([...Object.keys(bundle('extension').inputs), ...Object.keys(bundle('engine').inputs)].filter((file) => kubernetes.test(file)), []);
    assert.ok(Object.keys(bundle('kubernetes').inputs).some((file) => file.includes('node_modules/@kubernetes/client-node/')));
  });
});

describe('the package', () => {
  it('holds what is used and nothing else', async () => {
    const { listFiles, PackageManager } = await import('@vscode/vsce') as unknown as Vsce;
    const files = (await listFiles({ cwd: root, packageManager: PackageManager.None })).map((file) => file.replaceAll('\\', '/'));
    const allowed = /^(?:package\.json|package\.nls(?:\.[\w-]+)?\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|dist\/(?:extension|engine|kubernetes|policies|core-policy-settingsText|vscode-actionCommands|vscode-codeActions|vscode-fileSignatureViews|vscode-trustTree|vscode-policyEditing|vscode-policyFileReader|cli|cli-engineCommands)\.js|dist\/(?:third-party-notices\.txt|sbom\.cdx\.json)|l10n\/[\w.-]+\.json|media\/(?:icon\.png|view\.svg)|syntaxes\/[\w.-]+\.json|snippets\/[\w.-]+\.json|docs\/(?:codes\/)?[\w.-]+\.md|docs\/images\/(?:[\w-]+\.png|growth\.svg))$/;
    assert.deepEqual(files.filter((file) => !allowed.test(file)), []);
    for (const needed of ['package.json', 'package.nls.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'media/icon.png', 'docs/codes/unsigned.md']) {
      assert.ok(files.includes(needed), `${needed} is not packed`);
    }
  });
});

/** Names of {@link machine} that stand for the global thing: not members of something else, not keys. */
function machineNames(file: string, text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) found.push(`${file}: new Date()`);
    if (ts.isPropertyAccessExpression(node) && machine.includes(node.getText())) found.push(`${file}: ${node.getText()}`);
    if (ts.isIdentifier(node) && machine.includes(node.text) && isFree(node)) found.push(`${file}: ${node.text}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

function isFree(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === name;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === name;
  return !ts.isPropertySignature(parent) && !ts.isMethodDeclaration(parent) && !ts.isMethodSignature(parent) && !ts.isPropertyDeclaration(parent);
}

/** The files of one circle in the order of their imports; empty when there is none. */
function findCircle(): readonly string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    const loaded = importsOf(file, textOf(file).replaceAll(/^import type [^;]*;/gm, ''));
    for (const next of loaded.filter((to) => sources.includes(to))) {
      const circle = visit(next);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of sources) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}
