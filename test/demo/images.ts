// The images of the demonstration: what each of them shows, and the verdict it must get.
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { PrivateKey } from '../../src/core/crypto/privateKey.ts';
import type { UseState } from '../../src/presentation/useState.ts';
import type { TestRegistry } from '../support/registry.ts';
import { signBundle, signLegacy, type SignatureOptions } from './signing.ts';

export interface DemoKeys {
  /** Trusted for what the shop ships. */
  readonly release: PrivateKey;
  /** Trusted for tools. */
  readonly build: PrivateKey;
  /** Trusted by nobody, until somebody adds it. */
  readonly stranger: PrivateKey;
}

export interface DemoImage {
  /** The comment above it in the Dockerfile. */
  readonly says: string;
  /** The line; `REF` stands for the reference. */
  readonly line: string;
  /** As written in the Dockerfile; `HOST` stands for the registry. */
  readonly reference: string;
  readonly expected: UseState['kind'];
}

/** Fills the registry. The order is the order of the lines in the Dockerfile. */
export function putDemoImages({ host, store }: TestRegistry, keys: DemoKeys): readonly DemoImage[] {
  const image = (repository: string, tag: string): Parameters<typeof signLegacy>[0] => ({ store, host, repository, image: store.putImage(repository, tag) });
  const legacy = (repository: string, tag: string, key: PrivateKey, options?: SignatureOptions): void => signLegacy(image(repository, tag), key, options);
  const bundle = (repository: string, tag: string, key: PrivateKey, options?: SignatureOptions): void => signBundle(image(repository, tag), key, options);

  legacy('shop/base', '1.0', keys.release);
  bundle('shop/runtime', '22', keys.release);
  const api = image('shop/api', '2.1');
  signLegacy(api, keys.release);
  signBundle(api, keys.build);
  const { index } = store.putIndex('shop/web', '1.0', ['linux/amd64', 'linux/arm64']);
  signLegacy({ store, host, repository: 'shop/web', image: index }, keys.release);
  const edge = store.putIndex('shop/edge', '1.0', ['linux/amd64', 'linux/arm64']).children.get('linux/arm64');
  if (!edge) throw new Error('the index has no arm64 child');
  signBundle({ store, host, repository: 'shop/edge', image: edge }, keys.release);
  bundle('tools/certificates', '2026', keys.build, { annotations: { stage: 'production' } });

  image('shop/queue', '0.9');
  legacy('shop/worker', '1.4', keys.stranger);
  legacy('shop/payment', '3.2', keys.release, { tamper: changed });
  const honest = image('shop/search', '1.0');
  signLegacy(image('shop/mailer', '1.0'), keys.release, { claim: honest.image.digest as Digest });
  bundle('tools/builder', '5', keys.build, { annotations: { stage: 'testing' } });
  legacy('shop/preview', '1.0', keys.release);
  legacy('community/cowsay', '1', keys.stranger);

  const line = (says: string, text: string, reference: string, expected: DemoImage['expected']): DemoImage => ({ says, line: text, reference: reference.replace('HOST', host), expected });
  return [
    line('Signed by the release key, in the format of cosign 2: a tag beside the image.', 'FROM REF AS base', 'HOST/shop/base:1.0', 'verified'),
    line('Signed by the release key, in the format of cosign 3: a bundle that refers to the image.', 'FROM REF AS runtime', 'HOST/shop/runtime:22', 'verified'),
    line('Signed in both formats, by two people. One signature by a trusted key is enough.', 'FROM REF AS api', 'HOST/shop/api:2.1', 'verified'),
    line('An image for several platforms, signed as a whole.', 'FROM REF AS web', 'HOST/shop/web:1.0', 'verified'),
    line('An image for several platforms of which only the part for this platform is signed.', 'FROM --platform=linux/arm64 REF AS edge', 'HOST/shop/edge:1.0', 'verified'),
    line('Nobody has signed this one.', 'FROM REF AS queue', 'HOST/shop/queue:0.9', 'unsigned'),
    line('Signed, but by a key that nobody here trusts.', 'FROM REF AS worker', 'HOST/shop/worker:1.4', 'untrusted'),
    line('Tampered with: what was signed was changed afterwards.', 'FROM REF AS payment', 'HOST/shop/payment:3.2', 'untrusted'),
    line('A good signature, taken from another image.', 'FROM REF AS mailer', 'HOST/shop/mailer:1.0', 'untrusted'),
    line('The right key, but the policy wants stage=production and this was signed for testing.', 'FROM REF AS builder', 'HOST/tools/builder:5', 'untrusted'),
    line('This one is not in the registry: whether it is signed, nobody can say.', 'FROM REF AS reports', 'HOST/shop/reports:1.0', 'unchecked'),
    line('Its tag has no value: give one in "countersign.dockerfile.buildArgs".', 'FROM REF AS preview', 'HOST/shop/preview:${PREVIEW_VERSION}', 'unresolved'),
    line('No policy covers this one, so that nothing is said. It was signed with keys/stranger.pub: try "Add Trusted Key…" for it.', 'FROM REF AS moo', 'HOST/community/cowsay:1', 'uncovered'),
    line('The last stage pulls two more images: one to copy from, one to mount.', 'FROM base\nCOPY --from=REF /etc/ssl/certs /etc/ssl/certs', 'HOST/tools/certificates:2026', 'verified'),
    line('', 'RUN --mount=type=bind,from=REF,target=/run/queue true', 'HOST/shop/queue:0.9', 'unsigned'),
  ];
}

/** Another digest in the payload, so that the signature no longer fits. */
function changed(payload: Uint8Array): Uint8Array {
  const text = Buffer.from(payload).toString();
  return Uint8Array.from(Buffer.from(text.replace('cosign container image signature', 'cosign container image signaturE')));
}
