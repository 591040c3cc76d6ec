import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyKey } from '../../../src/core/policy/requirements.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import { diagnosticTexts, dockerfileDiagnostic, missingArgumentDiagnostic, verdictDiagnostic } from '../../../src/presentation/diagnosticText.ts';
import { everyKeyPolicy } from '../../../src/presentation/signatureWords.ts';
import { english } from '../../../src/presentation/translate.ts';
import type { UseState } from '../../../src/presentation/useState.ts';
import { evidence, good, policy, sampleUse, severities, signature, states, unresolvedUse } from './samples.ts';

const diagnostic = (state: UseState, use = sampleUse(), levels = severities): ReturnType<typeof verdictDiagnostic> => verdictDiagnostic({ use, state }, levels, english);

describe('the diagnostic', () => {
  it('is there for what is a problem, under a stable code, and for nothing else', () => {
    assert.deepEqual(Object.fromEntries(Object.entries(states).map(([name, state]) => [name, diagnostic(state)?.code])), {
      pending: undefined, waiting: undefined, cancelled: undefined, noKeys: undefined, verified: undefined, uncovered: undefined,
      unresolved: 'unresolved', unsigned: 'unsigned', untrusted: 'untrusted', unchecked: 'unchecked',
    });
  });

  it('has the severity of the settings', () => {
    for (const state of [states.unsigned, states.untrusted, states.unchecked, states.unresolved]) assert.equal(diagnostic(state)?.severity, severities[state.kind]);
  });

  it('is not there when it is switched off', () => {
    const off = { unsigned: 'off', untrusted: 'off', unchecked: 'off', unresolved: 'off', missingArgument: 'off', dockerfile: 'off', drift: 'off' } as const;
    for (const state of Object.values(states)) assert.deepEqual(diagnosticTexts({ use: sampleUse({ missing: ['A'] }), state }, off, english), []);
    assert.equal(dockerfileDiagnostic({ range: sampleUse().range, message: said`x` }, off, english), undefined);
  });

  it('has the strictest severity of the policies that are not satisfied', () => {
    const policies = [policy({ policy: 'a', severity: 'hint' }), policy({ policy: 'b', severity: 'error' }), policy({ policy: 'c', severity: 'error', satisfied: true })];
    const severityFor = (some: typeof policies): string | undefined => diagnostic({ kind: 'unsigned', ...evidence({ policies: some }) })?.severity;
    assert.equal(severityFor(policies), 'error');
    assert.equal(severityFor(policies.slice(0, 1)), 'hint');
    assert.equal(severityFor([policy({ severity: 'hint' }), policy()]), 'warning', 'a policy without a severity counts with that of the settings');
  });

  it('says of an unsigned image where was looked, for which keys, and what to do', () => {
    assert.equal(diagnostic(states.unsigned)?.message,
      'Unsigned: ghcr.io/o/app:1 (sha256:aaaaaaaaaaaa…) has no signature, neither under its signature tag nor among its referrers. Trusted keys: release. Use an image that is signed, or ask its publisher to sign it.');
  });

  it('says of an unsigned index that its manifest was looked at too', () => {
    assert.match(diagnostic({ ...states.unsigned, platform: 'linux/arm64' })?.message ?? '', /and its manifest for linux\/arm64 has none either/);
  });

  it('says of an untrusted image what was found and what is asked for', () => {
    const signatures = [signature({ fault: 'other-key', format: 'bundle', keyHint: 'hint1' }), signature({ fault: 'other-key' }), signature({ fault: 'wrong-digest' })];
    const policies = [policy({ policy: 'prod', keys: ['release', 'qa'], annotations: { env: 'prod' } })];
    assert.equal(diagnostic({ kind: 'untrusted', ...evidence({ signatures, policies }) })?.message,
      'Untrusted: ghcr.io/o/app:1 (sha256:aaaaaaaaaaaa…) has 3 signatures (2 legacy, 1 in bundles), and what is asked for is not among them: 2 by other keys, 1 for another digest. Key hints of the other signatures: hint1. '
      + 'Policy "prod" asks for a signature by release or qa with env=prod. Use an image that satisfies this, or add the right key with "Add Trusted Key…" if you trust who signed.');
  });

  it('says of an image signed by the wrong one of the trusted keys that it was', () => {
    const message = diagnostic({ kind: 'untrusted', ...evidence({ signatures: [good('qa')], policies: [policy({ policy: 'prod' })] }) })?.message ?? '';
    assert.match(message, /has 1 legacy signature, and what is asked for is not among them: signed by other trusted keys\./);
  });

  it('says "could not check" with cause and remedy, and never "unsigned"', () => {
    const { message = '' } = diagnostic(states.unchecked) ?? {};
    assert.equal(message, 'Could not check who signed ghcr.io/o/app:1: ghcr.io did not answer within 30 s. Look at the network and the proxy settings, then verify again. Whether it is signed is not known.');
    assert.doesNotMatch(message, /unsigned/i);
  });

  it('names the argument that leaves a reference unresolved and points at it', () => {
    const range = { start: { line: 0, character: 4 }, end: { line: 0, character: 8 } };
    const use = { ...unresolvedUse(), origins: [{ name: 'BASE', kind: 'missing', value: '', range }] } as const;
    const found = diagnostic(states.unresolved, use);
    assert.equal(found?.message, 'No image can be verified here, because BASE has no value. There is no image reference here. Give it a default in its ARG line, or a value in countersign.dockerfile.buildArgs.');
    assert.deepEqual(found.related, [{ message: 'BASE is declared here without a value.', target: { kind: 'range', range } }]);
  });

  it('points at the policy that asks for more', () => {
    assert.deepEqual(diagnostic({ kind: 'unsigned', ...evidence({ policies: [policy({ policy: 'prod' }), policy({ policy: 'other', satisfied: true })] }) })?.related,
      [{ message: 'Policy "prod" asks for a signature by release.', target: { kind: 'policy', policy: 'prod' } }]);
  });

  it('says beside any verdict that an argument has no value', () => {
    const use = sampleUse({ text: 'alpine', missing: ['TAG'] });
    assert.deepEqual(diagnosticTexts({ use, state: states.unsigned }, severities, english).map(({ code, severity }) => [code, severity]), [['unsigned', 'warning'], ['missing-argument', 'hint']]);
    assert.match(missingArgumentDiagnostic(use, severities, english)?.message ?? '', /^The build argument TAG has no value, so the build pulls alpine, and that is what is verified\./);
    assert.equal(missingArgumentDiagnostic(unresolvedUse(), severities, english), undefined, 'an unresolved reference says it itself');
  });

  it('says that a build refuses the file', () => {
    const found = dockerfileDiagnostic({ range: sampleUse().range, message: said`The stage name is not valid` }, severities, english);
    assert.equal(found?.code, 'dockerfile-invalid');
    assert.equal(found.message, 'A build refuses this Dockerfile: The stage name is not valid. Correct it; the images that can still be read are verified.');
  });

  it('stays short and in one line whatever the registry says', () => {
    const flood = `\n\u202E${'x'.repeat(100_000)}`;
    const signatures = Array.from({ length: 5000 }, (_, index) => signature({ fault: 'other-key', keyHint: `${index}${flood}` }));
    const policies = Array.from({ length: 100 }, () => policy({ policy: flood, keys: Array.from({ length: 50 }, () => flood) }));
    const state: UseState = { kind: 'untrusted', ...evidence({ signatures, policies }) };
    for (const some of [state, { kind: 'unchecked', reason: new CosignError('INTERNAL', said`${flood}`, { remedy: said`${flood}` }), checkedAt: 0 }] as const) {
      const { message = '' } = diagnostic(some, sampleUse({ text: flood })) ?? {};
      assert.ok(message.length < 3000, `${message.length} characters`);
      assert.doesNotMatch(message, /[\n\u202E]/);
    }
  });

  it('knows the name the core gives to "no policy"', () => assert.equal(everyKeyPolicy, everyKey));
});
