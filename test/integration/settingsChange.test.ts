// A settings change while something is under way: what writes ends with the connections it began with.
import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { Engine } from '../../src/core/engine.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import { assertSameContent, putSmall, trust } from '../support/copyPair.ts';
import { testEngine, testSettings } from '../support/engine.ts';
import { on } from '../support/faults.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const never = new AbortController().signal;
let open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()));
  open = [];
});

async function start(): Promise<{ readonly engine: Engine; readonly source: TestRegistry; readonly destination: TestRegistry }> {
  const [engine, source, destination] = [testEngine(), await startRegistry(), await startRegistry()];
  open = [{ close: () => engine.dispose() }, source, destination];
  putSmall(source.store, true);
  return { engine, source, destination };
}

async function copy(engine: Engine, source: TestRegistry, destination: TestRegistry): Promise<boolean> {
  const plan = await engine.copying.plan({ source: parseReference(`${source.host}/team/app:1.0`), destination: parseReference(`${destination.host}/mirror/app:1.0`) }, never);
  return (await engine.copying.copy(plan, {}, { trust }, () => undefined, never)).proof.holds;
}

for (const [when, words] of [['the plan is made', 'HEAD 1.0'], ['layers are sent', 'PUT upload'], ['manifests are sent', 'PUT manifest'], ['signatures are looked for', 'GET referrers']] as const) {
  it(`a copy goes on when settings change while ${when}`, async () => {
    const { engine, source, destination } = await start();
    let changes = 0;
    destination.intercept = on(words, async (_request, ordinary) => {
      changes++;
      engine.configure({ ...testSettings, timeoutMs: 9000 + changes });
      await new Promise((done) => { setTimeout(done, 20); });
      return ordinary();
    });
    assert.equal(await copy(engine, source, destination), true);
    assert.ok(changes > 0);
    assertSameContent(source.store, destination.store);
  });
}

it('what is under way ends when the engine does, whatever changed before', async () => {
  const { engine, source, destination } = await start();
  const hanging = new Promise<void>((reached) => {
    destination.intercept = on('PUT upload', () => {
      engine.configure({ ...testSettings, timeoutMs: 9000 });
      reached();
      return new Promise(() => undefined);
    });
  });
  const copying = assert.rejects(copy(engine, source, destination), { code: 'REGISTRY_UNREACHABLE' });
  await hanging;
  await engine.dispose();
  await copying;
});
