// Builds the extension (dist/) and, when imported, the test bundles (out/). One list of options for both.
import * as esbuild from 'esbuild';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(fileURLToPath(import.meta.url));

const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
  absWorkingDir: root,
  // Its other form asks for its parts at run time, where a bundle has none.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
};

/** `import('./engine.ts')` in the eager half stays an import of a file of its own, loaded when it is first needed. */
const lazyChunks = {
  name: 'lazy-chunks',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, (args) => {
      if (args.kind !== 'dynamic-import') return undefined;
      const target = relative(resolve(root, 'src'), resolve(args.resolveDir, args.path)).replaceAll('\\', '/');
      return /\.\.\//.test(target) ? undefined : { path: `./${target.replace(/\.ts$/, '.js').replaceAll('/', '-')}`, external: true };
    });
  },
};

/** The entries of dist/: the eager half, and each lazily loaded chunk under the name its dynamic import is given. */
export const entries = {
  extension: 'src/extension.ts',
  engine: 'src/engine.ts',
  kubernetes: 'src/kubernetes.ts',
  policies: 'src/policies.ts',
  'core-policy-settingsText': 'src/core/policy/settingsText.ts',
  'vscode-actionCommands': 'src/vscode/actionCommands.ts',
  'vscode-codeActions': 'src/vscode/codeActions.ts',
  'vscode-fileSignatureViews': 'src/vscode/fileSignatureViews.ts',
  'vscode-trustTree': 'src/vscode/trustTree.ts',
  'vscode-policyEditing': 'src/vscode/policyEditing.ts',
  'vscode-policyFileReader': 'src/vscode/policyFileReader.ts',
  cli: 'src/cli.ts',
  'cli-engineCommands': 'src/cli/engineCommands.ts',
};

/** The web address of the source as package.json names it (`repository`: a text, or an object with `url`), or empty where it names none. */
export function publishedRepository({ repository } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'))) {
  const url = typeof repository === 'string' ? repository : repository?.url ?? '';
  return /^(?:git\+)?(https:\/\/[^?#]*?)(?:\.git)?\/?$/.exec(url)?.[1] ?? '';
}

/** @param options.write false: only the metafile says what would be written @param options.outdir another folder than dist, for tests */
export async function buildExtension({ production = false, watch = false, write = true, outdir = 'dist' } = {}) {
  const options = {
    ...common,
    entryPoints: Object.entries(entries).map(([out, file]) => ({ out, in: file })),
    outdir,
    external: ['vscode'],
    define: { publishedRepository: JSON.stringify(publishedRepository()) },
    // A chunk is loaded by require(), which does not look for the names it exports as import() does: a third of the time.
    supported: { 'dynamic-import': false },
    minify: production,
    sourcemap: production ? false : 'linked',
    plugins: [lazyChunks],
    logLevel: watch ? 'info' : common.logLevel,
    metafile: true,
    write,
  };
  if (!watch) {
    if (write) rmSync(resolve(root, outdir), { recursive: true, force: true });
    const result = await esbuild.build(options);
    if (write) {
      if (production) {
        const { writeBillOfMaterials, writeNotices } = await import('./.ci/bundledPackages.mjs');
        writeNotices(result.metafile, root, outdir);
        writeBillOfMaterials(result.metafile, root, outdir);
      }
      chmodSync(resolve(root, outdir, 'cli.js'), 0o755);
    }
    return result;
  }
  const context = await esbuild.context(options);
  await context.watch();
  return context;
}

/** What the test bundles leave to node_modules: they find files of their own beside themselves, or ask for parts that are not there. */
const testExternal = ['esbuild', 'typescript', 'playwright-core', '@vscode/vsce', '@cyclonedx/cyclonedx-library'];

/** Bundles test files for node:test. `alias` replaces `vscode` in the face tests. */
export async function buildTests(files, outdir, { alias = {}, external = [] } = {}) {
  rmSync(resolve(root, outdir), { recursive: true, force: true });
  return esbuild.build({
    ...common,
    entryPoints: files,
    outdir,
    outbase: 'test',
    outExtension: { '.js': '.cjs' },
    sourcemap: 'inline',
    external: [...testExternal, ...external],
    define: { 'import.meta.url': '__importMetaUrl' },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    alias: { ...common.alias, ...alias },
  });
}

/** Bundles a TypeScript file of the test tree and loads it: how the .mjs tools use what the tests use. */
export async function loadTool(file) {
  const outdir = `out/tools-${process.pid}`;
  await buildTests([file], outdir);
  const built = resolve(root, outdir, relative('test', file).replace(/\.ts$/, '.cjs'));
  const require = createRequire(import.meta.url);
  // What a module remembers of an earlier load (which programs there were) is not to be believed after something was installed.
  delete require.cache[built];
  try {
    return require(built);
  } finally {
    rmSync(resolve(root, outdir), { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await buildExtension({ production: process.argv.includes('--production'), watch: process.argv.includes('--watch') });
  if (!process.argv.includes('--watch')) {
    for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
      if (file.endsWith('.js')) console.log(`${file} ${Math.ceil(bytes / 1024)} KB`);
    }
  }
}
