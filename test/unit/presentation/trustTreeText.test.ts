// Rows of the trust tree about what hangs on an image.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AttachedProof } from '../../../src/core/contentsEngine.ts';
import { proofRow } from '../../../src/presentation/trustTreeText.ts';
import { english } from '../../../src/presentation/translate.ts';
import { sha256, simpleSigningType } from '../../support/signedImages.ts';

const proof: AttachedProof = {
  kind: 'signature', digest: sha256('m'), mediaType: 'application/vnd.oci.image.manifest.v1+json', sizeBytes: 900, place: { kind: 'tag', tag: 'sha256-1.sig' },
  layers: [{ mediaType: simpleSigningType, digest: sha256('l'), size: 7 }], annotations: {},
};
const described = (changes: Partial<AttachedProof> = {}): string | undefined => proofRow({ ...proof, ...changes }, english).description;

describe('the row of a proof', () => {
  it('says what it is by its predicate, else its artifact type, else its first layer', () => {
    assert.equal(described(), `tag · ${simpleSigningType} · 900 B`);
    assert.equal(described({ artifactType: 'application/x' }), 'tag · application/x · 900 B');
    assert.equal(described({ artifactType: 'application/x', predicateType: 'https://spdx.dev/Document' }), 'tag · https://spdx.dev/Document · 900 B');
    assert.equal(described({ layers: [] }), 'tag · 900 B');
  });
});
