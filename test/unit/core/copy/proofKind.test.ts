// What a manifest that hangs on an image is called, by what it holds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { referrerOf } from '../../../../src/core/copy/proofKind.ts';
import type { Descriptor } from '../../../../src/core/oci/manifest.ts';
import { sha256, simpleSigningType } from '../../../support/signedImages.ts';

const descriptor = (mediaType: string): Descriptor => ({ mediaType, digest: sha256(mediaType), size: 1 });
const plain = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json', 'application/vnd.oci.empty.v1+json'];

describe('the type of what hangs on an image', () => {
  for (const config of plain) {
    it(`is not that of the config of any image: ${config}`, () => {
      assert.deepEqual(referrerOf({ config: descriptor(config), layers: [descriptor(simpleSigningType)] }), { kind: 'signature', artifactType: '' });
    });
  }
  it('is that of a config of its own', () => {
    assert.deepEqual(referrerOf({ config: descriptor('application/vnd.cyclonedx+json'), layers: [] }), { kind: 'sbom', artifactType: 'application/vnd.cyclonedx+json' });
  });
  it('is what the manifest says, before anything else', () => {
    assert.deepEqual(referrerOf({ artifactType: 'application/spdx+json', config: descriptor('application/vnd.x+json') }), { kind: 'sbom', artifactType: 'application/spdx+json' });
  });
});
