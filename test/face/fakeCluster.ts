// A cluster whose contexts, secrets and failures a test chooses; counts what was written.
import type { ClusterKeys, KeyPairRequest, PlannedSecret } from '../../src/core/kubernetes/clusterKeys.ts';
import { said } from '../../src/core/said.ts';
import { description } from './fakeSigning.ts';

export class FakeCluster implements ClusterKeys {
  readonly planned: KeyPairRequest[] = [];
  written = 0;
  mayList = true;
  secret: Pick<PlannedSecret, 'action' | 'holds' | 'losesPrivateKey'> = { action: 'create', holds: [], losesPrivateKey: false };
  leftovers: readonly { readonly namespace: string; readonly name: string }[] = [];
  failure: Error | undefined;

  readPublic(): Promise<never> { return Promise.reject(new Error('not asked for by the face')); }
  readOnlyEntry(): Promise<never> { return Promise.reject(new Error('not asked for by the face')); }
  readPrivate(): Promise<never> { return Promise.reject(new Error('not asked for by the face')); }
  contexts(): ReturnType<ClusterKeys['contexts']> {
    return Promise.resolve({ contexts: [{ name: 'main', cluster: 'c1', user: 'jo', namespace: 'prod' }, { name: 'test', cluster: 'c2', user: 'jo', namespace: undefined }], current: 'main' });
  }
  namespaces(): Promise<readonly string[] | undefined> { return Promise.resolve(this.mayList ? ['default', 'prod'] : undefined); }
  secrets(): Promise<readonly string[] | undefined> { return Promise.resolve(this.mayList ? ['release', 'Not-A-Name'] : undefined); }
  planKeyPair(request: KeyPairRequest): ReturnType<ClusterKeys['planKeyPair']> {
    this.planned.push(request);
    if (this.failure) return Promise.reject(this.failure);
    return Promise.resolve({
      context: request.context ?? 'main', publicKey: description, manifest: said`kind: Secret\n`,
      secrets: [request.place, ...(request.publicOnly ? [request.publicOnly] : [])].map((place) => ({ place, ...this.secret })),
      write: () => {
        this.written++;
        return Promise.resolve({ leftovers: this.leftovers });
      },
    });
  }
}
