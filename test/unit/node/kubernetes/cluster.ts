// Keys in a fake cluster, as the engine gets them, with a key pair that costs nothing to make.
import type { TestContext } from 'node:test';
import type { KeyPairFiles } from '../../../../src/core/crypto/encryptedKey.ts';
import type { ClusterKeys } from '../../../../src/core/kubernetes/clusterKeys.ts';
import { createClusterKeys, type ClusterMachine } from '../../../../src/kubernetes.ts';
import { generatePrivateKey } from '../../../../src/core/crypto/privateKey.ts';
import { KubeApi } from '../../../support/kubeApi.ts';

export const never = new AbortController().signal;
export const place = { namespace: 'prod', name: 'cosign' };

export async function startCluster(test: TestContext): Promise<KubeApi> {
  const api = await KubeApi.start();
  test.after(() => { api.close(); });
  return api;
}

export function clusterKeys(kubeconfig: string | undefined, more: Partial<ClusterMachine> = {}): ClusterKeys {
  return createClusterKeys({ env: {}, homeDirectory: '/nonexistent', kubeconfig, context: undefined, trusted: true, timeoutMs: 5000, generate, ...more });
}

async function generate(password: string): Promise<KeyPairFiles> {
  const key = await generatePrivateKey();
  return { privatePem: `private key under ${password}`, publicPem: key.publicKey.pem, key };
}
