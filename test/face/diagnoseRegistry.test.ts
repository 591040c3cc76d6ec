import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DiagnosisStep } from '../../src/core/diagnosis/diagnosis.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { fake, type Uri } from '../support/vscode.ts';
import { verdicts } from './fakeEngine.ts';
import { answer, openDockerfile, screen, settle, startFace, trustKey, useFace } from './harness.ts';

const failed: DiagnosisStep = { state: 'failed', name: 'connect', tookMs: 3, error: new CosignError('REGISTRY_UNREACHABLE', said`Cannot reach "ghcr.io".`, { setting: 'http.proxy', remedy: said`Look at the proxy.` }) };

function report(): string {
  const uri = fake.executed.findLast(({ command }) => command === 'markdown.showPreview')?.args[0] as Uri;
  assert.equal(uri.scheme, 'countersign-trust');
  return fake.contents.get(uri.scheme)?.provideTextDocumentContent(uri) ?? '';
}

describe('Diagnose Registry', () => {
  useFace();

  it('is filled in with the image at the cursor, completes from the file, and shows a report', async () => {
    trustKey();
    const face = startFace();
    face.engine.diagnosis = [failed];
    await openDockerfile('FROM ghcr.io/o/app:1\nFROM ghcr.io/o/app:1\nFROM alpine');
    await answer('diagnoseRegistry', [{ pick: 'ghcr.io/o/app:1' }]);
    const [question] = fake.script.shown;
    assert.deepEqual([question?.value, question?.items.map(({ label }) => label)], ['ghcr.io/o/app:1', ['ghcr.io/o/app:1', 'alpine:latest', 'ghcr.io', 'index.docker.io']]);
    assert.deepEqual(face.engine.diagnosed.map(({ registry, reference }) => [registry, reference?.repository]), [['ghcr.io', 'o/app']]);
    assert.match(report(), /It ends at "Connection"[\s\S]*Look at the proxy[\s\S]*`http\.proxy`/);
  });

  it('takes a registry that is typed, and says why a text is none', async () => {
    const face = startFace();
    await answer('diagnoseRegistry', [{ type: 'localhost:5000' }]);
    assert.deepEqual(face.engine.diagnosed, [{ registry: 'localhost:5000' }]);
    await answer('diagnoseRegistry', [{ type: 'UPPER' }, { escape: true }]);
    assert.match(fake.script.shown.at(-1)?.items[0]?.detail ?? '', /not an image reference/);
    assert.equal(face.engine.diagnosed.length, 1);
  });

  it('is offered where an image could not be checked, for that image', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unchecked);
    const document = await openDockerfile('FROM alpine');
    const hover = screen.hover(document, 0, 7)?.contents[0]?.value ?? '';
    const fix = (await screen.fixes(document)).find(({ command }) => command?.command === 'countersign.diagnoseRegistry');
    assert.ok(hover.includes('command:countersign.diagnoseRegistry?'));
    await answer('diagnoseRegistry', [], ...fix?.command?.arguments ?? []);
    assert.deepEqual(face.engine.diagnosed.map(({ reference }) => reference?.repository), ['library/alpine']);
  });

  it('is offered when a command could not reach a registry', async () => {
    const face = startFace();
    face.engine.diagnose = () => Promise.reject(new CosignError('REGISTRY_TIMEOUT', said`No answer.`));
    await answer('diagnoseRegistry', [{ type: 'ghcr.io' }, { choose: 'Show Log' }]);
    await settle();
    assert.deepEqual(fake.script.shown.at(-1)?.items.map(({ label }) => label), ['Open Setting', 'Diagnose Registry…', 'Show Log', 'Explain']);
  });
});
