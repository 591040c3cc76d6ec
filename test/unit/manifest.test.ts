// package.json, package.nls.json and contributions.ts say the same, and every code has its page.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { addingSettings, commandIds, dockerfileLanguage, keyLanguage, restrictedSettings, settingDefaults, settingLimits } from '../../src/contributions.ts';
import { errorCodes } from '../../src/core/errors.ts';
import { diagnosticCodes, documentationPath } from '../../src/presentation/documentation.ts';

const root = process.cwd();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface SettingSchema {
  readonly default: unknown; readonly scope: string; readonly order: number; readonly type: string;
  readonly markdownDescription?: string; readonly minimum?: number; readonly maximum?: number;
  readonly enum?: readonly string[]; readonly enumDescriptions?: readonly string[]; readonly markdownEnumDescriptions?: readonly string[];
}
interface Language { readonly id: string; readonly filenames?: readonly string[]; readonly filenamePatterns?: readonly string[]; readonly extensions?: readonly string[]; readonly firstLine?: string; readonly configuration?: string }
interface WalkthroughStep {
  readonly id: string; readonly title: string; readonly description: string; readonly completionEvents: readonly string[];
  readonly media: { readonly altText: string; readonly image: Readonly<Record<'dark' | 'light' | 'hc' | 'hcLight', string>> };
}
interface Manifest {
  readonly name: string; readonly publisher: string;
  readonly icon: string; readonly activationEvents: readonly string[]; readonly l10n: string; readonly keywords: readonly string[]; readonly extensionKind: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] }; readonly virtualWorkspaces: { readonly supported: string } };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when?: string }[]>>;
    readonly configuration: readonly { readonly title: string; readonly order: number; readonly properties: Readonly<Record<string, SettingSchema>> }[];
    readonly languages: readonly Language[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string; readonly when: string }[];
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly WalkthroughStep[] }[];
    readonly grammars: readonly { readonly scopeName: string; readonly path: string; readonly injectTo?: readonly string[]; readonly language?: string }[];
  };
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Record<string, string>;
const { contributes } = manifest;
const settings: Readonly<Record<string, SettingSchema>> = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as Record<string, SettingSchema>;
const settingIds = Object.keys(settingDefaults);

describe('the commands of the manifest', () => {
  it('are those of the code', () => assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), Object.values(commandIds).sort()));
  it('have a category and a title that is in package.nls.json', () => {
    for (const { command, title, category } of contributes.commands) {
      assert.equal(category, 'Countersign', command);
      assert.match(title, /^%commands\.\w+%$/);
    }
  });
  it('stand only in menus as commands that exist', () => {
    const ids: readonly string[] = Object.values(commandIds);
    for (const { command } of Object.values(contributes.menus).flat()) assert.ok(ids.includes(command), command);
  });
  it('hide from the palette what needs an argument', () => {
    assert.equal(contributes.menus['commandPalette']?.find(({ command }) => command === commandIds.copyDigest)?.when, 'false');
  });
});

describe('the settings of the manifest', () => {
  it('are those of the code, with the same defaults', () => {
    assert.deepEqual(Object.fromEntries(Object.entries(settings).map(([id, schema]) => [id, schema.default])), settingDefaults);
  });
  it('are described, ordered and scoped', () => {
    for (const [id, schema] of Object.entries(settings)) {
      assert.match(schema.markdownDescription ?? '', /^%settings\.[\w.]+%$/, id);
      assert.ok(['resource', 'window', 'machine-overridable', 'application'].includes(schema.scope), id);
      assert.ok(Number.isInteger(schema.order), id);
    }
    for (const { properties } of contributes.configuration) {
      const orders = Object.values(properties).map(({ order }) => order);
      assert.deepEqual(orders, orders.map((_, index) => index + 1));
    }
  });
  it('describe each of their choices', () => {
    const chosen = Object.values(settings).filter((schema) => schema.enum);
    assert.equal(chosen.length, 11);
    for (const schema of chosen) assert.equal((schema.markdownEnumDescriptions ?? schema.enumDescriptions)?.length, schema.enum?.length);
  });
  it('have the limits of the code', () => {
    const limits = Object.fromEntries(Object.entries(settings).filter(([, { type }]) => type === 'number' || type === 'integer').map(([id, { minimum, maximum }]) => [id, { minimum, maximum }]));
    assert.deepEqual(limits, settingLimits);
  });
  it('that decide whom to trust, or whom to talk to how, are ignored in Restricted Mode', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
    assert.deepEqual([...manifest.capabilities.untrustedWorkspaces.restrictedConfigurations].sort(), restrictedSettings.filter((id) => !(addingSettings as readonly string[]).includes(id)).sort());
    for (const id of settingIds.filter((name) => /keys|policies|buildArgs|platform|registries|repository/.test(name))) {
      assert.ok((restrictedSettings as readonly string[]).includes(id), id);
    }
  });
});

describe('the texts of the manifest', () => {
  const used = new Set([...read('package.json').matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key ?? ''));
  it('are all in package.nls.json', () => assert.deepEqual([...used].filter((key) => !nls[key]), []));
  it('are all used', () => assert.deepEqual(Object.keys(nls).filter((key) => !used.has(key)), []));
  it('name only settings that exist', () => {
    for (const [key, text] of Object.entries(nls)) {
      for (const [, id = ''] of text.matchAll(/`#([\w.]+)#`/g)) assert.ok(id in settingDefaults || /^(?:editor|files)\./.test(id), `${key}: ${id}`);
    }
  });
});

describe('the manifest', () => {
  it('runs where the files are, and says what a workspace without files of a disk lacks', () => {
    assert.deepEqual(manifest.extensionKind, ['workspace']);
    assert.deepEqual(manifest.capabilities.virtualWorkspaces, { supported: 'limited', description: '%capabilities.virtualWorkspaces%' });
  });

  it('wakes the extension for Dockerfiles and where there are signatures of files, and for nothing else', () => {
    assert.deepEqual(manifest.activationEvents, ['onLanguage:dockerfile', 'workspaceContains:**/*.sigstore.json', 'workspaceContains:**/*.sig', 'workspaceContains:**/policy.json', 'workspaceContains:**/*clusterimagepolic*.{yaml,yml}']);
  });
  it('names files that exist', () => {
    const paths = [manifest.icon, manifest.l10n, ...contributes.grammars.map(({ path }) => path), ...contributes.languages.flatMap(({ configuration }) => configuration ?? [])];
    for (const path of paths) assert.ok(existsSync(join(root, path)), path);
  });
  it('has an icon of 256 pixels', () => {
    const png = readFileSync(join(root, manifest.icon));
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [256, 256]);
  });
  it('has grammars under the scopes it names', () => {
    for (const { path, scopeName } of contributes.grammars) assert.equal((JSON.parse(read(path)) as { scopeName: string }).scopeName, scopeName);
  });
  it('has at most thirty keywords', () => assert.ok(manifest.keywords.length <= 30));
});

describe('the first steps', () => {
  const steps = contributes.walkthroughs.flatMap(({ steps: all }) => all);
  const isSetting = (id: string): boolean => id in settingDefaults;
  /** Of the editor itself, tried in one; a view of ours can be focused. */
  const ofTheEditor = [
    'workbench.action.files.openFile', 'workbench.action.openWorkspaceSettingsFile', 'workbench.action.openSettings', 'workbench.action.openWalkthrough', 'vscode.openFolder',
    ...Object.values(contributes.views).flat().map(({ id }) => `${id}.focus`),
  ];
  const exists = (command: string): boolean => ([...Object.values(commandIds), ...ofTheEditor] as readonly string[]).includes(command);

  it('are the six of the way from a Dockerfile to a shared policy', () => {
    assert.deepEqual(steps.map(({ id }) => id), ['open', 'trust', 'read', 'keys', 'sign', 'share']);
  });
  it('have pictures for every theme, with words for those who do not see them', () => {
    for (const { media: { image, altText } } of steps) {
      assert.deepEqual(Object.keys(image).sort(), ['dark', 'hc', 'hcLight', 'light']);
      const name = /^docs\/images\/(.+)-dark\.png$/.exec(image.dark)?.[1];
      const pathOf = (theme: string): string => `docs/images/${name}-${theme}.png`;
      assert.deepEqual(image, { dark: pathOf('dark'), light: pathOf('light'), hc: pathOf('high-contrast'), hcLight: pathOf('high-contrast-light') });
      for (const path of Object.values(image)) assert.deepEqual([...readFileSync(join(root, path)).subarray(1, 4)], [...Buffer.from('PNG')], path);
      assert.equal(new Set(Object.values(image).map((path) => readFileSync(join(root, path), 'base64'))).size, 4, name);
      assert.ok((nls[altText.replaceAll('%', '')] ?? '').length > 40, altText);
    }
  });
  it('have pictures that are small', () => {
    const sizes = readdirSync(join(root, 'docs/images')).filter((name) => name.endsWith('.png')).map((name) => readFileSync(join(root, 'docs/images', name)).length);
    assert.ok(Math.max(...sizes) <= 150 * 1024 && sizes.reduce((sum, size) => sum + size, 0) <= 600 * 1024, sizes.join(' '));
  });
  it('are ticked off by what happens in them', () => {
    for (const { id, completionEvents } of steps) {
      assert.notEqual(completionEvents.length, 0, id);
      for (const event of completionEvents) {
        const [, kind = '', what = ''] = /^(\w+):(.+)$/.exec(event) ?? [];
        const known = { onCommand: exists, onSettingChanged: isSetting, onView: (view: string) => exists(`${view}.focus`), onContext: (when: string) => when.includes(dockerfileLanguage) }[kind];
        assert.ok(known?.(what), event);
      }
    }
  });
  it('and every other text link to commands that exist', () => {
    for (const [key, text] of Object.entries(nls)) {
      for (const [, command = '', argument] of text.matchAll(/\]\(command:([\w.]+)(?:\?([^)]*))?\)/g)) {
        assert.ok(exists(command), `${key}: ${command}`);
        if (command === 'workbench.action.openWalkthrough') {
          assert.ok(contributes.walkthroughs.some(({ id }) => JSON.parse(decodeURIComponent(argument ?? '')) === `${manifest.publisher}.${manifest.name}#${id}`), key);
        }
      }
    }
    assert.equal(Object.values(nls).some((text) => /\(command:/.test(text)), true);
  });
  it('are offered where a view is empty, with a folder and without', () => {
    for (const { id } of Object.values(contributes.views).flat()) {
      const welcome = contributes.viewsWelcome.filter(({ view }) => view === id);
      assert.deepEqual(welcome.map(({ when }) => when), ['workspaceFolderCount != 0', 'workspaceFolderCount == 0']);
      for (const { contents } of welcome) assert.match(nls[contents.replaceAll('%', '')] ?? '', /openWalkthrough/);
    }
  });
});

describe('the files that are Dockerfiles', () => {
  const language = (id: string): Language => {
    const found = contributes.languages.find((candidate) => candidate.id === id);
    assert.ok(found);
    return found;
  };
  /** The editor's rule: exact name, then the longest pattern, then extension; all without regard to case. */
  const languageOf = (name: string): string | undefined => {
    const lower = name.toLowerCase();
    const patterns = contributes.languages.flatMap(({ id, filenamePatterns = [] }) => filenamePatterns.map((pattern) => ({ id, pattern }))).sort((a, b) => b.pattern.length - a.pattern.length);
    return contributes.languages.find(({ filenames = [] }) => filenames.some((file) => file.toLowerCase() === lower))?.id
      ?? patterns.find(({ pattern }) => glob(pattern.toLowerCase()).test(lower))?.id
      ?? contributes.languages.find(({ extensions = [] }) => extensions.some((extension) => lower.endsWith(extension)))?.id;
  };
  /** The part of the editor's globs used here: `*`, `{a,b}`, `[!.]`. */
  const glob = (pattern: string): RegExp => new RegExp(`^${pattern.replace(/\[!\.\]|[.*{},]|[^.*{},[]+/g, (part) => ({ '[!.]': '[^.]', '.': '\\.', '*': '.*', '{': '(?:', '}': ')', ',': '|' })[part] ?? part)}$`);

  for (const name of ['Dockerfile', 'dockerfile', 'Dockerfile.dev', 'Dockerfile-dev', 'Dockerfile_prod', 'Dockerfile2', 'DockerfileBuild', 'app.Dockerfile', 'app.dockerfile', 'Containerfile', 'Containerfile.dev', 'Containerfile-dev', 'app.Containerfile']) {
    it(`have ${name} among them`, () => assert.equal(languageOf(name), dockerfileLanguage));
  }
  for (const name of ['dockerfileParser.ts', 'dockerfile-ast.md', 'Dockerfile-template.txt', 'MyDockerfile', 'docker-compose.yml']) {
    it(`do not have ${name} among them`, () => assert.notEqual(languageOf(name), dockerfileLanguage));
  }
  for (const name of ['Dockerfile.dockerignore', 'app.Dockerfile.dockerignore', 'Containerfile.dockerignore']) {
    it(`do not have ${name} among them, which is a list of files to ignore`, () => assert.equal(languageOf(name), 'ignore'));
  }
  for (const name of ['cosign.pub', 'cosign.key', 'release.cosign.pub', 'import-cosign.key', 'cosign-release.pub']) {
    it(`are told from keys such as ${name}`, () => assert.equal(languageOf(name), keyLanguage));
  }
  it('are told from keys by the first line', () => {
    const firstLine = new RegExp(language(keyLanguage).firstLine ?? '');
    for (const type of ['ENCRYPTED SIGSTORE PRIVATE KEY', 'ENCRYPTED COSIGN PRIVATE KEY', 'PUBLIC KEY']) assert.match(`-----BEGIN ${type}-----`, firstLine);
    for (const type of ['CERTIFICATE', 'PRIVATE KEY', 'OPENSSH PRIVATE KEY']) assert.doesNotMatch(`-----BEGIN ${type}-----`, firstLine);
  });
});

describe('the pages of docs', () => {
  const pages = readdirSync(join(root, 'docs'), { recursive: true }).map((name) => join('docs', String(name))).filter((name) => name.endsWith('.md'));
  const codes: readonly string[] = [...diagnosticCodes, ...errorCodes];

  for (const code of [...diagnosticCodes, ...errorCodes]) {
    it(`explain ${code}: cause, evidence, remedy`, () => {
      const text = read(documentationPath(code));
      assert.ok(text.startsWith(`# ${code}\n`));
      for (const title of ['Cause', 'Evidence', 'Remedy']) assert.match(text, new RegExp(`^## ${title}\n\n\\S`, 'm'));
    });
  }
  it('explain no code that does not exist', () => {
    assert.deepEqual(readdirSync(join(root, 'docs/codes')).filter((name) => name !== 'README.md' && !codes.includes(name.replace(/\.md$/, ''))), []);
  });
  it('list every code', () => {
    for (const code of codes) assert.ok(read('docs/codes/README.md').includes(`](${code}.md)`), code);
  });
  it('list every setting and every command', () => {
    for (const id of settingIds) assert.ok(read('docs/settings.md').includes(`\`${id}\``), id);
    const titles = contributes.commands.filter(({ command }) => command !== commandIds.copyDigest).map(({ title }) => nls[title.replaceAll('%', '')] ?? '');
    for (const title of titles) assert.ok(read('docs/README.md').includes(`Countersign: ${title}`), title);
  });
  it('name only settings that exist', () => {
    for (const page of pages) {
      for (const [, id = ''] of read(page).matchAll(/`(countersign\.[\w.]+)`/g)) assert.ok(id in settingDefaults, `${page}: ${id}`);
    }
  });
});
