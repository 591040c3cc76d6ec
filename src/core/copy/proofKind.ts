// What a referrer is, by what its manifest holds: what lists it often says something else.
import { bundleMediaTypePrefix } from '../cosign/bundle.ts';
import { simpleSigningMediaType } from '../cosign/signatureManifest.ts';
import { signPredicateType } from '../cosign/statement.ts';
import type { ProofKind } from '../copyEngine.ts';
import type { Descriptor } from '../oci/manifest.ts';

export interface Referrer {
  readonly kind: ProofKind;
  /** Empty where the manifest names none. */
  readonly artifactType: string;
  readonly predicateType?: string;
}

/** What an index has no use for is left out. All of it is the registry's text. */
export interface ReferrerFacts {
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

const predicateAnnotation = 'dev.sigstore.bundle.predicateType';
const sbomType = /spdx|cyclonedx|syft/i;
const attestationType = /in-toto|dsse/i;
/** Configs of container images, and of nothing: they say nothing about what hangs on the image. */
const plainConfig = /^application\/vnd\.(?:oci\.image\.config|oci\.empty|docker\.container\.image)\.v1\+json$/;
const signatureType = /notary\.signature|cosign\.artifact\.sig/i;

export function referrerOf(facts: ReferrerFacts): Referrer {
  const configType = facts.config?.mediaType ?? '';
  const artifactType = facts.artifactType ?? (plainConfig.test(configType) ? '' : configType);
  const layerTypes = (facts.layers ?? []).map(({ mediaType }) => mediaType);
  const predicateType = facts.annotations?.[predicateAnnotation];
  return { kind: kindOf([artifactType, ...layerTypes], predicateType), artifactType, ...(predicateType === undefined ? {} : { predicateType }) };
}

function kindOf(types: readonly string[], predicateType: string | undefined): ProofKind {
  if (types.includes(simpleSigningMediaType)) return 'signature';
  if (types.some((type) => type.startsWith(bundleMediaTypePrefix))) {
    return predicateType === undefined || predicateType === signPredicateType ? 'signature' : 'attestation';
  }
  if (types.some((type) => signatureType.test(type))) return 'signature';
  if (types.some((type) => sbomType.test(type))) return 'sbom';
  return types.some((type) => attestationType.test(type)) ? 'attestation' : 'other';
}
