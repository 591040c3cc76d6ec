// Where the source is published is said in one place, and everything that links there follows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'node:test';

interface Build { readonly publishedRepository: (manifest: { readonly repository?: unknown }) => string }

describe('the address of the source', () => {
  it('is that of package.json, in every form npm knows that names a web address', async () => {
    const { publishedRepository } = await import(pathToFileURL(join(process.cwd(), 'esbuild.mjs')).href) as Build;
    const address = 'https://git.example/team/app';
    for (const repository of [address, `${address}/`, `${address}.git`, `git+${address}.git`, { type: 'git', url: `git+${address}.git` }]) assert.equal(publishedRepository({ repository }), address);
    for (const repository of [undefined, '', {}, 'team/app', 'git@git.example:team/app.git', 'http://git.example/team/app', 'javascript:alert(1)']) assert.equal(publishedRepository({ repository }), '');
  });

  it('is written nowhere else', () => {
    for (const file of ['src/presentation/documentation.ts', 'src/vscode/commands/reportIssue.ts']) assert.doesNotMatch(readFileSync(file, 'utf8'), /https?:\/\//);
  });
});
