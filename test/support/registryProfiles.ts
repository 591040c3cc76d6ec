// Registries as they are, each described in a few words: names, logins, referrers, headers, redirects; served by the in-process registry.
import type { HttpRequest, HttpResponse, Credentials, Transport } from '../../src/core/oci/transport.ts';
import { either, on, redirect, status } from './faults.ts';
import { NodeTransport } from './nodeTransport.ts';
import type { Fault, RegistryOptions, TestRegistry } from './registry.ts';
import { failure } from './registryAnswer.ts';
import { sha256, type RegistryStore } from './registryStore.ts';

export interface RegistryProfile {
  readonly name: string;
  /** As a person writes the image, without its tag. */
  readonly image: string;
  /** Where requests for it go. */
  readonly apiHost: string;
  /** What the registry calls that repository. */
  readonly repository: string;
  /** Its token server; undefined: it has none, or takes passwords itself. */
  readonly realm?: string;
  readonly options: RegistryOptions;
  /** For reading and writing; reading alone is tried without where it is public. */
  readonly login?: Credentials;
  readonly isPublic: boolean;
  readonly faults?: readonly Fault[];
  /** Blobs come from there, by redirect, and it takes no credential. */
  readonly blobHost?: string;
}

const accounts = { robot: 'pass-word-7' };
const robot: Credentials = { kind: 'basic', username: 'robot', password: accounts.robot };

/** Headers on every manifest. */
const manifestHeaders = (headers: Readonly<Record<string, string>>): Fault => on('manifest', (_request, ordinary) => {
  const answer = ordinary();
  return answer.status === 200 ? { ...answer, headers: { ...answer.headers, ...headers } } : answer;
});

/** A list of referrers changed on its way out. */
const relabelled = (type: string): Fault => on('GET referrers', (_request, ordinary) => {
  const answer = ordinary();
  return answer.status === 200 ? { ...answer, headers: { ...answer.headers, 'content-type': type } } : answer;
});

/** GHCR lists bundles in the fallback index as if they were empty configs. */
const emptyArtifactTypes: Fault = on('GET manifest', (_request, ordinary) => {
  const answer = ordinary();
  const text = answer.status === 200 && answer.body instanceof Uint8Array ? Buffer.from(answer.body).toString() : '';
  if (!text.includes('"manifests"') || !text.includes('"artifactType"')) return answer;
  const body = Buffer.from(text.replaceAll(/"artifactType":"[^"]*"/g, '"artifactType":"application/vnd.oci.empty.v1+json"'));
  return { ...answer, headers: { ...answer.headers, 'docker-content-digest': sha256(body) }, body };
});

/** Repositories are made beforehand or not at all. */
const onlyKnown = (known: readonly string[]): Fault => ({ repository, kind }) => (repository === '' || kind === 'token' || known.includes(repository) ? undefined : failure(404, 'NAME_UNKNOWN'));

export const profiles: readonly RegistryProfile[] = [
  {
    name: 'Docker Hub', image: 'docker.io/app', apiHost: 'registry-1.docker.io', repository: 'library/app', realm: 'https://auth.docker.io/token',
    options: { auth: { kind: 'bearer', accounts, expiresIn: 300 } }, login: robot, isPublic: true, blobHost: 'production.cloudfront.example',
    faults: [manifestHeaders({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '93;w=21600', 'docker-ratelimit-source': '192.0.2.1' })],
  },
  {
    name: 'GHCR', image: 'ghcr.io/org/app', apiHost: 'ghcr.io', repository: 'org/app', realm: 'https://ghcr.io/token',
    options: { auth: { kind: 'bearer', accounts }, referrers: 'json 404' }, login: robot, isPublic: true, blobHost: 'pkg-containers.example', faults: [emptyArtifactTypes],
  },
  {
    name: 'GHCR, answering referrers with 303', image: 'ghcr.io/org/app', apiHost: 'ghcr.io', repository: 'org/app', realm: 'https://ghcr.io/token',
    options: { auth: { kind: 'bearer', accounts }, referrers: 'json 404' }, login: robot, isPublic: true, faults: [on('referrers', redirect('https://github.example/-/v2/packages', 303)), emptyArtifactTypes],
  },
  {
    name: 'ECR', image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app', apiHost: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', repository: 'app',
    options: { auth: { kind: 'basic', accounts: { AWS: 'twelve-hours' } } }, login: { kind: 'basic', username: 'AWS', password: 'twelve-hours' }, isPublic: false,
    blobHost: 'prod-starport.s3.example', faults: [onlyKnown(['app'])],
  },
  {
    name: 'Artifact Registry', image: 'europe-docker.pkg.dev/project/team/app', apiHost: 'europe-docker.pkg.dev', repository: 'project/team/app', realm: 'https://europe-docker.pkg.dev/v2/token',
    options: { auth: { kind: 'bearer', accounts: { oauth2accesstoken: 'ya29.short' }, anonymousPull: false } }, login: { kind: 'basic', username: 'oauth2accesstoken', password: 'ya29.short' }, isPublic: false,
  },
  {
    name: 'gcr.io', image: 'gcr.io/project/app', apiHost: 'gcr.io', repository: 'project/app', realm: 'https://gcr.io/v2/token',
    options: { auth: { kind: 'bearer', accounts: { _json_key: '{"type":"service_account"}' } }, referrers: 'json 404' }, login: { kind: 'basic', username: '_json_key', password: '{"type":"service_account"}' }, isPublic: true,
  },
  {
    name: 'ACR', image: 'team.azurecr.io/app', apiHost: 'team.azurecr.io', repository: 'app', realm: 'https://team.azurecr.io/oauth2/token',
    options: { auth: { kind: 'bearer', identityTokens: { 'refresh-9': 'team' }, anonymousPull: false, member: 'access_token' } }, login: { kind: 'identity', token: 'refresh-9' }, isPublic: false, blobHost: 'blob.core.example',
  },
  {
    name: 'Quay', image: 'quay.io/org/app', apiHost: 'quay.io', repository: 'org/app', realm: 'https://quay.io/v2/auth',
    options: { auth: { kind: 'bearer', accounts: { 'org+robot': 'quay-1' } } }, login: { kind: 'basic', username: 'org+robot', password: 'quay-1' }, isPublic: true, blobHost: 'cdn.quay.example',
  },
  {
    name: 'Harbor', image: 'harbor.example/library/app', apiHost: 'harbor.example', repository: 'library/app', realm: 'https://harbor.example/service/token',
    options: { auth: { kind: 'bearer', accounts: { 'robot$ci': 'harbor-1' } } }, login: { kind: 'basic', username: 'robot$ci', password: 'harbor-1' }, isPublic: true,
  },
  {
    name: 'Harbor 2.9, whose list of referrers is plain JSON', image: 'harbor.example/library/app', apiHost: 'harbor.example', repository: 'library/app', realm: 'https://harbor.example/service/token',
    options: { auth: { kind: 'bearer', accounts: { 'robot$ci': 'harbor-1' } } }, login: { kind: 'basic', username: 'robot$ci', password: 'harbor-1' }, isPublic: true, faults: [relabelled('application/json; charset=utf-8')],
  },
  {
    name: 'Artifactory', image: 'team.jfrog.example/docker-local/app', apiHost: 'team.jfrog.example', repository: 'docker-local/app', realm: 'https://team.jfrog.example/artifactory/api/docker/docker-local/v2/token',
    options: { auth: { kind: 'bearer', accounts, anonymousPull: false } }, login: robot, isPublic: false,
  },
  {
    name: 'Artifactory before 7.90, with 406 for referrers', image: 'team.jfrog.example/docker-local/app', apiHost: 'team.jfrog.example', repository: 'docker-local/app',
    options: { auth: { kind: 'basic', accounts }, referrers: 'json 404' }, login: robot, isPublic: false, faults: [on('referrers', status(406))],
  },
  {
    name: 'distribution 2', image: 'registry.example:5000/app', apiHost: 'registry.example:5000', repository: 'app',
    options: { auth: { kind: 'basic', accounts }, referrers: 'router 404' }, login: robot, isPublic: false,
  },
  { name: 'distribution 3', image: 'registry.example/app', apiHost: 'registry.example', repository: 'app', options: { referrers: 'router 404', etags: true }, isPublic: true },
  { name: 'zot', image: 'zot.example/app', apiHost: 'zot.example', repository: 'app', options: { auth: { kind: 'basic', accounts } }, login: robot, isPublic: false },
];

/** What the registry itself does besides; put before whatever else a test intercepts. */
export function profileFault({ faults = [], blobHost }: RegistryProfile): Fault {
  const moved = blobHost === undefined ? [] : [on('GET blob', ({ path }: { readonly path: string }, ordinary: () => { readonly status: number }) => {
    const answer = ordinary();
    return answer.status === 200 ? { status: 307, headers: { location: `https://${blobHost}${path.replace('/v2/', '/stored/')}?signature=abc` } } : undefined;
  })];
  return either(...faults, ...moved);
}

/** Leads the real names to the in-process registry, and nothing to anywhere else. */
export class ProfileTransport implements Transport {
  readonly #node = new NodeTransport();
  readonly #profile: RegistryProfile;
  readonly #registry: TestRegistry;
  /** `host header` of every credential that went somewhere else than to the registry and its token server. */
  readonly leaks: string[] = [];

  constructor(profile: RegistryProfile, registry: TestRegistry) {
    [this.#profile, this.#registry] = [profile, registry];
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { url } = request;
    const { apiHost, realm, blobHost } = this.#profile;
    const isRealm = realm !== undefined && `${url.origin}${url.pathname}` === realm;
    if (!isRealm && url.host !== apiHost && request.headers['authorization'] !== undefined) this.leaks.push(url.host);
    if (url.host === blobHost) return stored(this.#registry.store, url);
    if (!isRealm && (url.host !== apiHost || url.protocol !== 'https:')) throw new Error(`Nobody may be asked at ${url.origin}.`);
    return this.#node.send({ ...request, url: new URL(`${isRealm ? '/token' : url.pathname}${url.search}`, this.#registry.url) }, signal);
  }

  close(): void {
    this.#node.close();
  }
}

function stored(store: RegistryStore, url: URL): HttpResponse {
  const [, repository = '', digest = ''] = /^\/stored\/(.+)\/blobs\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  const bytes = store.repository(repository).blobs.get(digest);
  return { status: bytes ? 200 : 404, headers: {}, body: once(bytes ?? new Uint8Array()), discard: () => undefined };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(bytes);
}
