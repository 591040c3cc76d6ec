// After a copy: the Dockerfile that names it, the Dockerfiles verified again, and the destinations offered the next time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fake } from '../support/vscode.ts';
import { digest } from './fakeEngine.ts';
import { asked, copy, destination, failures, kinds, messages, shownAt, source, startCopying, update } from './fakeCopying.ts';
import { answer, openDockerfile, screen, settle, tick, useFace } from './harness.ts';

describe('updating the Dockerfile after a copy', () => {
  useFace();

  it('rewrites the reference in one step, and the lens follows', async () => {
    const face = startCopying();
    const document = await openDockerfile('FROM --platform=linux/amd64 "ghcr.io/o/app:1" AS x\n# end\n');
    await answer('copyImage', [source, destination, kinds, update]);
    assert.deepEqual([document.getText(), fake.edits], ['FROM --platform=linux/amd64 "r.io/me/app:1" AS x\n# end\n', 1]);
    assert.match(messages().join(), /Line 1 names the copy now/);
    await tick(1000);
    assert.deepEqual([face.engine.last('me/app').query.reference.registry, screen.titles(document)], ['r.io', ['$(verified-filled) Signed by release']]);
  });

  it('is offered after a plain copy too', async () => {
    startCopying();
    const document = await openDockerfile('ARG R=ghcr.io/o\nFROM ${R}/app:1');
    await answer('copyImage', [...asked, { choose: 'Update This Dockerfile' }]);
    await settle();
    assert.deepEqual([document.getText(), fake.edits], ['ARG R=r.io/me\nFROM ${R}/app:1', 1]);
  });

  for (const [name, meanwhile, says] of [
    ['the reference is gone', 'FROM ghcr.io/o/tool:2', /not in the file any more/],
    ['it stands there twice, and elsewhere', '\nFROM ghcr.io/o/app:1\nFROM ghcr.io/o/app:1', /more than once/],
    ['its name is that of a stage', '', /would not pull exactly the copy/],
  ] as const) {
    it(`changes nothing and explains: ${name}`, async () => {
      const { copying } = startCopying();
      const isStage = name.includes('stage');
      const document = await openDockerfile(isStage ? 'FROM ghcr.io/o/tool:2 AS app\nFROM ghcr.io/o/app' : 'FROM ghcr.io/o/app:1');
      copying.gate = new Promise((resolve) => {
        setImmediate(() => { if (!isStage) fake.edit(document, meanwhile); resolve(); });
      });
      const before = isStage ? document.getText() : meanwhile;
      await answer('copyImage', isStage ? [{ type: 'ghcr.io/o/app' }, { type: 'app:latest' }, kinds, update] : [source, destination, kinds, update]);
      assert.match(messages().join(), says);
      assert.deepEqual([document.getText(), fake.edits], [before, 0]);
    });
  }

  it('finds a reference that moved while it was copied', async () => {
    const { copying } = startCopying();
    const document = await openDockerfile('FROM ghcr.io/o/app:1');
    copying.gate = new Promise((resolve) => { setImmediate(() => { fake.edit(document, '# new\n\nFROM ghcr.io/o/app:1'); resolve(); }); });
    await answer('copyImage', [source, destination, kinds, update]);
    assert.equal(document.getText(), '# new\n\nFROM r.io/me/app:1');
  });

  it('says so when the editor refuses the change', async () => {
    startCopying();
    fake.refusesEdits = true;
    await openDockerfile('FROM ghcr.io/o/app:1');
    await answer('copyImage', [source, destination, kinds, update]);
    assert.match(messages().join(), /The editor did not take the change\. Write r\.io\/me\/app:1/);
  });

  it('is not offered for an image that is not in the file', async () => {
    startCopying();
    await openDockerfile('FROM ghcr.io/o/tool:2');
    await answer('copyImage', asked);
    assert.ok(!shownAt(4).items.some(({ label }) => label.includes('Then Update')));
  });
});

describe('after a copy', () => {
  useFace();

  it('the reference of the copy, with its digest, can be taken to the clipboard', async () => {
    startCopying();
    await answer('copyImage', [...asked, { choose: 'Copy Reference' }]);
    await settle();
    assert.equal(fake.clipboard, `r.io/me/app:1@${digest('a')}`);
  });

  it('only Dockerfiles that name an image of the destination are verified again', async () => {
    const { engine } = startCopying();
    await openDockerfile('FROM ghcr.io/o/app:1', '/work space/app/one.Dockerfile');
    await openDockerfile('FROM r.io/me/app:1', '/work space/app/two.Dockerfile');
    await answer('copyImage', asked);
    assert.deepEqual(engine.calls.slice(2).map(({ query }) => [query.reference.registry, query.fresh]), [['r.io', true]]);
  });
});

describe('recent destinations', () => {
  useFace();

  it('are offered: under the own name of the image first, then as they were', async () => {
    startCopying();
    fake.remembered.set('copy.destinations', ['r.io/me/other:7']);
    await answer('copyImage', [source, { pick: 'r.io/me/app:1' }, kinds, copy]);
    assert.deepEqual(fake.script.shown[1]?.items.map(({ label }) => label), ['r.io/me/app:1', 'r.io/me/other:7']);
    assert.deepEqual(fake.remembered.get('copy.destinations'), ['r.io/me/app:1', 'r.io/me/other:7']);
  });

  it('are the last ten, once each, without digests', async () => {
    startCopying();
    fake.remembered.set('copy.destinations', ['r.io/me/app:1', ...Array.from({ length: 9 }, (_, at) => `r.io/x${at}:1`)]);
    await answer('copyImage', [source, { type: `r.io/me/new:2@${digest('a')}` }, kinds, copy]);
    const stored = fake.remembered.get('copy.destinations') as readonly string[];
    assert.deepEqual([stored.length, stored[0], stored.at(-1)], [10, 'r.io/me/new:2', 'r.io/x7:1']);
  });

  for (const stored of [5, 'r.io/app', { a: 1 }, [null, 5, 'NOT A REFERENCE', 'x'.repeat(5000)]]) {
    it(`that were stored as something else are not offered: ${JSON.stringify(stored).slice(0, 30)}`, async () => {
      startCopying();
      fake.remembered.set('copy.destinations', stored);
      await answer('copyImage', [source, { escape: true }]);
      assert.deepEqual(fake.script.shown[1]?.items, []);
    });
  }

  it('are not remembered when the copy fails', async () => {
    const { copying } = startCopying();
    copying.failure = failures.denied;
    await answer('copyImage', asked);
    assert.equal(fake.remembered.get('copy.destinations'), undefined);
  });
});
