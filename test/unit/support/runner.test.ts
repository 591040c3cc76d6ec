// A long run that was asked for is not cut short by the limit of an ordinary one.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'node:test';

interface Runner { readonly fileLimitMs: (env: Readonly<Record<string, string>>, tier?: string) => number }

describe('the limit of a test file', () => {
  it('grows with the seconds and the mutants that were asked for', async () => {
    const { fileLimitMs } = await import(pathToFileURL(join(process.cwd(), 'test/runner/nodeTests.mjs')).href) as Runner;
    const ordinary = fileLimitMs({});
    assert.equal(ordinary, 240_000);
    assert.ok(fileLimitMs({}, 'interop') > ordinary);
    assert.equal(fileLimitMs({ COUNTERSIGN_SECONDS: '3600' }), ordinary + 3_600_000);
    assert.ok(fileLimitMs({ COUNTERSIGN_MUTANTS: '10000000' }) > ordinary + 3_600_000);
  });
});
