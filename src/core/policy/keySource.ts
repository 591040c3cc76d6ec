// The hole that the machine fills to read the bytes behind a key reference.
import type { KeySetting } from './trustPolicy.ts';

export interface KeySource {
  /**
   * The bytes a key reference stands for (a PEM file, an inline PEM, `env://NAME`, `https://…`, `k8s://namespace/name`); bounded, not yet parsed.
   * @param options.fresh look again instead of using what was read before
   * @throws {CosignError} `KEY_UNREADABLE`, `KEY_UNSUPPORTED`, the `KUBERNETES_…` codes
   */
  read(key: KeySetting, options: { readonly fresh: boolean }, signal: AbortSignal): Promise<Uint8Array>;
}
