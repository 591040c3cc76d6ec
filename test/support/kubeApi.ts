// A Kubernetes API server as far as secrets go, over TLS: client certificates and tokens, roles, versions, immutability, preconditions and faults.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TLSSocket } from 'node:tls';
import { openApiOf, refusalOf, type CustomResource } from './kubeOpenApi.ts';
import { secretFromProtobuf } from './kubeProtobuf.ts';

export interface KubeRequest {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly dryRun: boolean;
}

/** `drop` ends the connection before anything is done, `drop after` when it is done but not said; a number is the status of a refusal. */
export type Fault = 'drop' | 'drop after' | 'hang' | number;

export interface SecretJson {
  apiVersion: string; kind: string; type?: string; immutable?: boolean; data?: Record<string, string>;
  metadata: { namespace: string; name: string; uid: string; resourceVersion: string; labels?: Record<string, string>; annotations?: Record<string, string>; finalizers?: string[]; deletionTimestamp?: string; ownerReferences?: unknown[]; managedFields?: unknown[] };
}

type Json = Record<string, unknown>;

export class KubeApi {
  readonly secrets = new Map<string, SecretJson>();
  readonly namespaces = new Set(['default', 'prod']);
  readonly tokens = new Map([['token-of-jo', 'jo']]);
  /** Who asked for what, in order. */
  readonly requests: KubeRequest[] = [];
  /** Raw headers seen, for what must never be there. */
  readonly authorizations: (string | undefined)[] = [];
  version = { major: '1', minor: '30' };
  /** A kind of its own besides secrets: what is created of it is checked by the client alone and not kept. */
  custom: CustomResource | undefined;
  allows: (request: KubeRequest) => boolean = () => true;
  /** Looked at for each request that is allowed. */
  fault: (request: KubeRequest) => Fault | undefined = () => undefined;
  /** Called when a request was answered: what somebody else does meanwhile. */
  after: (request: KubeRequest) => void = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #revision = 100;

  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.#server = createServer({
      key: this.#fixture('tls/registry.key'), cert: this.#fixture('tls/registry.pem'), ca: this.#fixture('kubernetes/client-authority.pem'), requestCert: true, rejectUnauthorized: false,
    }, (request, response) => { void this.#answer(request, response); });
    this.#server.on('connection', (socket: Socket) => { this.#sockets.add(socket.on('error', () => undefined).on('close', () => { this.#sockets.delete(socket); })); });
  }

  /** @param root the folder of the project */
  static async start(root = '.'): Promise<KubeApi> {
    const api = new KubeApi(root);
    await new Promise<void>((done) => { api.#server.listen(0, '127.0.0.1', done); });
    return api;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  /** What somebody else stored. */
  put(namespace: string, name: string, secret: { readonly data?: Readonly<Record<string, string>>; readonly immutable?: boolean; readonly type?: string; readonly metadata?: Partial<SecretJson['metadata']> } = {}): SecretJson {
    const { data = {}, metadata, ...rest } = secret;
    const stored: SecretJson = {
      apiVersion: 'v1', kind: 'Secret', type: 'Opaque', ...rest,
      metadata: { managedFields: [{ manager: 'test' }], ...metadata, namespace, name, uid: randomUUID(), resourceVersion: this.#next() },
      data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
    };
    this.secrets.set(`${namespace}/${name}`, stored);
    return stored;
  }

  text(namespace: string, name: string, key: string): string | undefined {
    const value = this.secrets.get(`${namespace}/${name}`)?.data?.[key];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  }

  /** A kubeconfig with a context per way to log in: `token`, `certificate`, `exec`, `expired`, `nobody`. */
  kubeconfig(current = 'token', execScript?: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-kube-'));
    const script = join(folder, 'login.cjs');
    writeFileSync(script, execScript ?? `console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'token-of-jo' } }))`);
    const base64 = (path: string): string => this.#fixture(path).toString('base64');
    const config = {
      apiVersion: 'v1', kind: 'Config', 'current-context': current,
      clusters: [{ name: 'main', cluster: { server: this.url, 'certificate-authority-data': base64('tls/authority.pem') } }, { name: 'stranger', cluster: { server: this.url } }],
      contexts: [
        ...['token', 'certificate', 'exec', 'expired', 'nobody'].map((name) => ({ name, context: { cluster: 'main', user: name, ...(name === 'token' ? { namespace: 'prod' } : {}) } })),
        { name: 'untrusted-authority', context: { cluster: 'stranger', user: 'token' } },
      ],
      users: [
        { name: 'token', user: { token: 'token-of-jo' } },
        { name: 'certificate', user: { 'client-certificate-data': base64('kubernetes/jane.pem'), 'client-key-data': base64('kubernetes/jane.key') } },
        { name: 'exec', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [script], interactiveMode: 'Never' } } },
        { name: 'expired', user: { token: 'token-that-expired' } },
        { name: 'nobody', user: {} },
      ],
    };
    const file = join(folder, 'config');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  #fixture(path: string): Buffer {
    return readFileSync(resolve(this.#root, 'test/fixtures', path));
  }

  #next(): string {
    return String(++this.#revision);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', this.url);
    const send = (status: number, body: Json): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)); };
    const refuse = (status: number, reason: string, message: string): void => { send(status, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code: status }); };
    this.authorizations.push(request.headers.authorization);
    const { socket } = request;
    const user = socket instanceof TLSSocket && socket.authorized ? String(socket.getPeerCertificate().subject.CN) : this.tokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (user === undefined) {
      refuse(401, 'Unauthorized', 'Unauthorized');
      return;
    }
    const parts = url.pathname.split('/').filter((part) => part !== '');
    if (this.custom && url.pathname === '/openapi/v2') {
      response.writeHead(200, { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' }).end(openApiOf(this.custom));
      return;
    }
    const known = discovery(url.pathname, this.version, this.custom);
    if (this.custom && !known && url.pathname.startsWith(`/apis/${this.custom.group}/`)) {
      const object = request.method === 'POST' ? JSON.parse(Buffer.concat(chunks).toString()) as Json : undefined;
      const refusal = object && refusalOf(this.custom, object);
      if (refusal !== undefined) refuse(422, 'Invalid', refusal);
      else if (object) send(201, object);
      else refuse(404, 'NotFound', 'there is none');
      return;
    }
    const isList = parts.at(-1) === 'secrets' || parts.at(-1) === 'namespaces';
    const body = bodyOf(Buffer.concat(chunks), parts.at(-1) === 'secrets' || request.method === 'PUT');
    if (url.pathname.endsWith('/selfsubjectaccessreviews')) {
      const { resourceAttributes: { verb, resource, namespace, name } } = (body as { spec: { resourceAttributes: Record<string, string> } }).spec;
      const allowed = this.allows({ user, verb: verb ?? '', resource: resource ?? '', dryRun: false, ...(namespace ? { namespace } : {}), ...(name ? { name } : {}) });
      send(201, { ...body, status: { allowed } });
      return;
    }
    const verb = ({ GET: isList ? 'list' : 'get', POST: 'create', PUT: 'update', DELETE: 'delete' } as Record<string, string>)[request.method ?? ''] ?? 'patch';
    const [namespace, name] = [parts[3], parts[5] ?? (body?.['metadata'] as { name?: string } | undefined)?.name];
    const asked: KubeRequest = {
      user, verb, resource: known ? parts[0] === 'version' ? 'version' : 'discovery' : parts[4] ?? parts[2] ?? '', dryRun: url.searchParams.has('dryRun'),
      ...(namespace === undefined || known ? {} : { namespace }), ...(name === undefined || known ? {} : { name }),
    };
    this.requests.push(asked);
    if (!this.allows(asked)) {
      refuse(403, 'Forbidden', `${asked.resource}${name === undefined ? '' : ` "${name}"`} is forbidden: User "${user}" cannot ${verb} resource "${asked.resource}" in API group ""${namespace === undefined ? ' at the cluster scope' : ` in the namespace "${namespace}"`}`);
      return;
    }
    const fault = this.fault(asked);
    if (fault === 'hang') return;
    if (fault === 'drop') socket.destroy();
    else if (typeof fault === 'number') refuse(fault, 'Refused', `refused with ${fault} for a test`);
    else {
      const [status, answer] = known ? [200, known] as const : this.#handle(asked, body, request.headers.accept ?? '');
      this.after(asked);
      if (fault === 'drop after') socket.destroy();
      else send(status, answer);
    }
  }

  #handle({ verb, resource, namespace, name, dryRun }: KubeRequest, body: Json | undefined, accept: string): readonly [number, Json] {
    const status = (code: number, reason: string, message: string): readonly [number, Json] => [code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }];
    if (resource === 'namespaces') return [200, list('NamespaceList', [...this.namespaces].map((item) => ({ metadata: { name: item } })), accept)];
    const key = `${namespace ?? ''}/${name ?? ''}`;
    const found = this.secrets.get(key);
    if (verb === 'list') return [200, list('SecretList', [...this.secrets.values()].filter(({ metadata }) => metadata.namespace === namespace), accept)];
    if (verb === 'create') {
      if (!this.namespaces.has(namespace ?? '')) return status(404, 'NotFound', `namespaces "${namespace ?? ''}" not found`);
      if (found) return status(409, 'AlreadyExists', `secrets "${name ?? ''}" already exists`);
      const made = this.#stored(body as unknown as SecretJson, { namespace: namespace ?? '', name: name ?? '' });
      if (!dryRun) this.secrets.set(key, made);
      return [201, made as unknown as Json];
    }
    if (!found) return status(404, 'NotFound', `secrets "${name ?? ''}" not found`);
    if (verb === 'get') return [200, found as unknown as Json];
    if (verb === 'delete') {
      const wanted = (body?.['preconditions'] ?? {}) as { uid?: string; resourceVersion?: string };
      if ((wanted.uid ?? found.metadata.uid) !== found.metadata.uid || (wanted.resourceVersion ?? found.metadata.resourceVersion) !== found.metadata.resourceVersion) {
        return status(409, 'Conflict', 'Operation cannot be fulfilled: the UID or ResourceVersion in the precondition does not match');
      }
      this.secrets.delete(key);
      return [200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }];
    }
    const next = body as unknown as SecretJson;
    if (next.metadata.resourceVersion && next.metadata.resourceVersion !== found.metadata.resourceVersion) return status(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version and try again');
    if (found.immutable && (next.immutable !== true || JSON.stringify(next.data) !== JSON.stringify(found.data))) return status(422, 'Invalid', `Secret "${name ?? ''}" is invalid: data: Forbidden: field is immutable when \`immutable\` is set`);
    if (next.type !== undefined && next.type !== '' && next.type !== found.type) return status(422, 'Invalid', `Secret "${name ?? ''}" is invalid: type: Invalid value: field is immutable`);
    const made = this.#stored({ ...next, type: found.type ?? 'Opaque' }, { namespace: namespace ?? '', name: name ?? '', uid: found.metadata.uid });
    this.secrets.set(key, made);
    return [200, made as unknown as Json];
  }

  /** Before 1.21 the field is not known (alpha and beta left aside) and dropped. */
  #stored({ immutable, ...secret }: SecretJson, place: { namespace: string; name: string; uid?: string }): SecretJson {
    const keeps = immutable === true && (Number.parseInt(this.version.major, 10) > 1 || Number.parseInt(this.version.minor, 10) >= 21);
    return { ...secret, apiVersion: 'v1', kind: 'Secret', type: secret.type === undefined || secret.type === '' ? 'Opaque' : secret.type, ...(keeps ? { immutable } : {}), metadata: { ...secret.metadata, uid: randomUUID(), ...place, resourceVersion: this.#next() } };
  }
}

function bodyOf(bytes: Buffer, isSecret: boolean): Json | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes.toString('latin1', 0, 4) !== 'k8s\0') return JSON.parse(bytes.toString()) as Json;
  return isSecret ? secretFromProtobuf(bytes) as unknown as Json : undefined;
}

function list(kind: string, items: readonly { readonly metadata: object }[], accept: string): Json {
  const partial = accept.includes('as=PartialObjectMetadataList');
  return { kind: partial ? 'PartialObjectMetadataList' : kind, apiVersion: partial ? 'meta.k8s.io/v1' : 'v1', metadata: { resourceVersion: '1' }, items: partial ? items.map(({ metadata }) => ({ metadata })) : items };
}

/** What client-go asks before it asks for what it wants. */
function discovery(path: string, { major, minor }: { readonly major: string; readonly minor: string }, custom: CustomResource | undefined): Json | undefined {
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
  const group = { name: 'authorization.k8s.io', versions: [{ groupVersion: 'authorization.k8s.io/v1', version: 'v1' }], preferredVersion: { groupVersion: 'authorization.k8s.io/v1', version: 'v1' } };
  const versionsOf = ({ group: name, versions }: CustomResource): { readonly groupVersion: string; readonly version: string }[] => versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  const own = custom ? [{ name: custom.group, versions: versionsOf(custom), preferredVersion: versionsOf(custom)[0] }] : [];
  const resources = custom ? versionsOf(custom).map(({ groupVersion }): [string, Json] => [`/apis/${groupVersion}`, {
    kind: 'APIResourceList', groupVersion, resources: [{ name: custom.plural, singularName: custom.kind.toLowerCase(), namespaced: false, kind: custom.kind, verbs }],
  }]) : [];
  const answers: Record<string, Json> = {
    ...Object.fromEntries(resources),
    '/version': { major, minor, gitVersion: `v${major}.${Number.parseInt(minor, 10)}.0` },
    '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group, ...own] },
    '/apis/authorization.k8s.io/v1': { kind: 'APIResourceList', groupVersion: 'authorization.k8s.io/v1', resources: [{ name: 'selfsubjectaccessreviews', singularName: '', namespaced: false, kind: 'SelfSubjectAccessReview', verbs: ['create'] }] },
    '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: [
      { name: 'secrets', singularName: 'secret', namespaced: true, kind: 'Secret', verbs },
      { name: 'namespaces', singularName: 'namespace', namespaced: false, kind: 'Namespace', verbs },
    ] },
  };
  return answers[path];
}
