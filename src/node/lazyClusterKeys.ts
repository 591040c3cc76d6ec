// Keys in Kubernetes whose code is loaded at the first call and not before.
import type { ClusterKeys } from '../core/kubernetes/clusterKeys.ts';

/** @param load called at most once per success; called again after it failed */
export function createLazyClusterKeys(load: () => Promise<ClusterKeys>): ClusterKeys {
  let loading: Promise<ClusterKeys> | undefined;
  const get = (): Promise<ClusterKeys> => (loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  }));
  return {
    readPublic: async (...args) => (await get()).readPublic(...args),
    readOnlyEntry: async (...args) => (await get()).readOnlyEntry(...args),
    readPrivate: async (...args) => (await get()).readPrivate(...args),
    contexts: async (...args) => (await get()).contexts(...args),
    namespaces: async (...args) => (await get()).namespaces(...args),
    secrets: async (...args) => (await get()).secrets(...args),
    planKeyPair: async (...args) => (await get()).planKeyPair(...args),
  };
}
