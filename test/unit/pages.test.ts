// What people read: every link and anchor leads somewhere, what is packed links to what is packed, and examples are what the code accepts.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { describe, it } from 'node:test';
import { parse, type ParseError } from 'jsonc-parser';
import { parseKeys, parsePolicies } from '../../src/core/policy/parseTrust.ts';

const root = process.cwd();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const docs = readdirSync(join(root, 'docs'), { recursive: true }).map((name) => posix.join('docs', String(name).replaceAll('\\', '/'))).filter((name) => name.endsWith('.md'));
/** Everything that goes into the package. */
const packed = [...docs, 'README.md', 'SECURITY.md', 'CHANGELOG.md'];
const pages = [...packed, 'CONTRIBUTING.md'];

interface Link { readonly page: string; readonly target: string }

/** Links and pictures in Markdown and in HTML; what stands in code is not one. */
function linksOf(page: string, text: string): readonly Link[] {
  const prose = text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g)].map(([, inline, attribute]) => ({ page, target: inline ?? attribute ?? '' }));
}

const links = pages.flatMap((page) => linksOf(page, read(page)));
const isWeb = ({ target }: Link): boolean => target.startsWith('https://');
/** The file a link leads to, from the root. */
const fileOf = ({ page, target }: Link): string => {
  const [path = ''] = target.split('#');
  return path === '' ? page : posix.join(posix.dirname(page), path);
};

/** The anchors of a page as web renderers name them; of two alike the second ends in -1. */
function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...text.replace(/^```[^]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => {
    const anchor = title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

describe('the pages', () => {
  it('have links at all', () => assert.ok(links.length > 100, String(links.length)));
  it('link to files that exist', () => {
    assert.deepEqual(links.filter((link) => !isWeb(link) && !(existsSync(join(root, fileOf(link))) && statSync(join(root, fileOf(link))).isFile())), []);
  });
  it('link to headings that exist', () => {
    const wrong = links.filter((link) => !isWeb(link) && link.target.includes('#') && !anchorsOf(read(fileOf(link))).includes(link.target.split('#')[1] ?? ''));
    assert.deepEqual(wrong, []);
  });
  it('that are packed link to what is packed', () => {
    const isPacked = (file: string): boolean => packed.includes(file) || file === 'LICENSE' || /^docs\/images\/(?:[\w-]+\.png|growth\.svg)$/.test(file);
    assert.deepEqual(links.filter((link) => packed.includes(link.page) && !isWeb(link) && !isPacked(fileOf(link))), []);
  });
  it('would be caught with a wrong link', () => {
    const wrong = linksOf('docs/README.md', 'see [x](nowhere.md#a), not `[y](z.md)`');
    assert.deepEqual(wrong, [{ page: 'docs/README.md', target: 'nowhere.md#a' }]);
    assert.deepEqual(wrong.map((link) => existsSync(join(root, fileOf(link)))), [false]);
    assert.deepEqual(anchorsOf('# A b\n## A, b!\n```\n# c\n```'), ['a-b', 'a-b-1']);
  });
  it('are all reachable from docs/README.md', () => {
    const reached = new Set<string>();
    const visit = (page: string): void => {
      if (reached.has(page)) return;
      reached.add(page);
      for (const link of links) if (link.page === page && !isWeb(link)) visit(fileOf(link));
    };
    visit('docs/README.md');
    assert.deepEqual(docs.filter((page) => !reached.has(page)), []);
  });
  it('name no file of the source that does not exist', () => {
    for (const page of pages) {
      for (const [, file = ''] of read(page).matchAll(/`((?:src|test|syntaxes)\/[\w./-]+\.\w+)`/g)) assert.ok(existsSync(join(root, file)), `${page}: ${file}`);
    }
    assert.ok([...read('docs/architecture.md').matchAll(/`src\//g)].length > 40);
  });
});

describe('the examples of settings', () => {
  const examples = pages.flatMap((page) => [...read(page).matchAll(/^ *```jsonc?\n([^]*?)^ *```/gm)].map(([, text = '']) => ({ page: relative(root, join(root, page)), text })))
    .filter(({ text }) => text.includes('"countersign.policies"') && text.includes('"countersign.keys"'));

  it('are there', () => assert.ok(examples.length >= 4, String(examples.length)));
  for (const [index, { page, text }] of examples.entries()) {
    it(`are accepted: ${page}, ${index + 1}`, () => {
      const mistakes: ParseError[] = [];
      const value = parse(`{${text}}`, mistakes) as Record<string, unknown>;
      const keys = parseKeys(value['countersign.keys']);
      assert.deepEqual([mistakes, keys.problems, parsePolicies(value['countersign.policies'], new Set(keys.values.map(({ name }) => name))).problems], [[], [], []]);
    });
  }
});

describe('the README', () => {
  it('has the two commands as they are run', () => {
    for (const command of ['npm ci && npm start', 'npm ci && npm test']) assert.match(read('README.md'), new RegExp(`^    ${command}$`, 'm'));
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    assert.ok(scripts['start'] && scripts['test']);
  });
  it('has no picture in a format that the Marketplace refuses', () => {
    for (const { page, target } of links) if (page === 'README.md') assert.doesNotMatch(target, /\.svg$/);
  });
  it('leads to every page that is not a code\'s', () => {
    const targets = links.filter(({ page }) => page === 'README.md').map(fileOf);
    assert.ok(targets.includes('docs/README.md'));
    assert.ok(dirname(targets.find((target) => target.endsWith('benchmark.md')) ?? '') === 'docs');
  });
});
