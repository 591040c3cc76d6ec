// What a TLS connection trusts and shows: the authorities of this machine, of Node and of one registry, and a client certificate for it.
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import * as tls from 'node:tls';
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import { FileProblem, fileVersion, readBoundedFile } from './boundedFile.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Authorities to connect with, and the client certificate where there is one. */
export interface TlsIdentity {
  /** Equal identities mean equal authorities and certificates. */
  readonly identity: string;
  /** Undefined: whatever Node trusts by itself (and the editor has added to that). */
  readonly context: tls.SecureContext | undefined;
}

/** A file, and the remedy when it cannot be used. */
export interface CertificateFile {
  /** Absolute. */
  readonly path: string;
  readonly remedy: Said;
}

/** A client certificate with its key, each in PEM. */
export interface ClientCertificate {
  readonly certificate: CertificateFile;
  readonly key: CertificateFile;
}

/** Where Linux and BSD distributions keep their bundle; the first that can be read counts, as in Go's crypto/x509. */
const bundleFiles = [
  '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', '/etc/ssl/cert.pem', '/usr/local/etc/ssl/cert.pem', '/usr/local/share/certs/ca-root-nss.crt',
];
const maxBundleBytes = 8 * 1024 * 1024;
const maxFileBytes = 1024 * 1024;

/** Builds each TLS context once: parsing a system's certificates for every connection would cost more than the connection. */
export class CertificateStore {
  readonly #env: Environment;
  readonly #contexts = new Map<string, Promise<TlsIdentity>>();
  #system: Promise<readonly string[] | undefined> | undefined;

  constructor(env: Environment) {
    this.#env = env;
  }

  /**
   * Files that change are read again.
   * @param files PEM files with further authorities @param client shown when the server asks for one @param host for messages
   * @throws {CosignError} `CERTIFICATE_UNREADABLE`
   */
  async identity(files: readonly CertificateFile[], client: ClientCertificate | undefined, host: string): Promise<TlsIdentity> {
    const system = await (this.#system ??= systemCertificates(this.#env));
    const all = [...files, ...(client ? [client.certificate, client.key] : [])];
    if (all.length === 0) return this.#shared('', () => Promise.resolve(system && tls.createSecureContext({ ca: [...system] })));
    const versions = await Promise.all(all.map(async (file) => `${file.path}/${await forHost(file, host, fileVersion(file.path))}`));
    return this.#shared(JSON.stringify([files.length, ...versions]), async () => {
      const added = (await Promise.all(files.map((file) => authoritiesIn(file, host)))).flat();
      const ca = added.length === 0 ? system : [...(system ?? tls.rootCertificates), ...added];
      return tls.createSecureContext({ ...(ca ? { ca: [...ca] } : {}), ...(client ? await readClientCertificate(client, host) : {}) });
    });
  }

  async #shared(identity: string, build: () => Promise<tls.SecureContext | undefined>): Promise<TlsIdentity> {
    const known = this.#contexts.get(identity) ?? build().then((context) => ({ identity, context }));
    this.#contexts.set(identity, known);
    try {
      return await known;
    } catch (error) {
      this.#contexts.delete(identity);
      throw error;
    }
  }
}

async function authoritiesIn(file: CertificateFile, host: string): Promise<readonly string[]> {
  const added = certificatesIn(await readPem(file, host));
  if (added.length === 0) throw unusable(file, host, said`holds no PEM certificate`);
  if (!added.every(isCertificate)) throw unusable(file, host, said`holds a certificate that cannot be read`);
  return added;
}

async function readClientCertificate({ certificate, key }: ClientCertificate, host: string): Promise<{ readonly cert: string; readonly key: string }> {
  const [cert, pem] = [await readPem(certificate, host), await readPem(key, host)];
  const [leaf] = certificatesIn(cert);
  if (leaf === undefined || !isCertificate(leaf)) throw unusable(certificate, host, said`holds no PEM certificate`);
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) throw unusable(key, host, said`holds a private key with a password; one without is needed`);
  let own: KeyObject;
  try {
    own = createPrivateKey(pem);
  } catch {
    // What the parser says could hold parts of the key.
    throw unusable(key, host, said`holds no private key in PEM form`);
  }
  if (!new X509Certificate(leaf).checkPrivateKey(own)) throw unusable(key, host, said`holds another key than that of the certificate "${certificate.path}"`);
  return { cert, key: pem };
}

async function readPem(file: CertificateFile, host: string): Promise<string> {
  return Buffer.from(await forHost(file, host, readBoundedFile(file.path, maxFileBytes, new AbortController().signal))).toString('latin1');
}

async function forHost<T>(file: CertificateFile, host: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    throw unusable(file, host, error.said, error);
  }
}

function unusable({ path, remedy }: CertificateFile, host: string, why: Said, cause?: unknown): CosignError {
  return new CosignError('CERTIFICATE_UNREADABLE', said`The certificate file "${path}" for "${host}" ${why}.`, { remedy, cause });
}

/** Undefined where the machine's certificates cannot be had (macOS and Windows before Node 22.15: the editor adds them itself). */
async function systemCertificates(env: Environment): Promise<readonly string[] | undefined> {
  const found = builtInStore() ?? await firstBundle([env['SSL_CERT_FILE'], ...bundleFiles]);
  const extra = await firstBundle([env['NODE_EXTRA_CA_CERTS']]);
  if (!found && !extra) return undefined;
  return distinct([...tls.rootCertificates, ...(found ?? []), ...(extra ?? [])]);
}

function builtInStore(): readonly string[] | undefined {
  const read: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof read !== 'function') return undefined;
  const found: unknown = Reflect.apply(read, tls, ['system']);
  return Array.isArray(found) && found.length > 0 ? found.filter((item) => typeof item === 'string').map((pem) => pem.trim()) : undefined;
}

/** What cannot be read here is left out: the person did not name it to us, and a missing authority shows as a TLS failure. */
async function firstBundle(paths: readonly (string | undefined)[]): Promise<readonly string[] | undefined> {
  for (const path of paths) {
    if (!path) continue;
    try {
      const found = certificatesIn(Buffer.from(await readBoundedFile(path, maxBundleBytes, new AbortController().signal)).toString('latin1'));
      if (found.length === 0) continue;
      // Nearly all of a system's bundle are Node's own: parsing them once more to find out whether they can be parsed takes as long as a connection.
      const own = new Set(tls.rootCertificates.map(withoutSpace));
      return found.filter((pem) => own.has(withoutSpace(pem)) || isCertificate(pem));
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
    }
  }
  return undefined;
}

function certificatesIn(text: string): readonly string[] {
  return text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
}

/** Each certificate once, however its lines are broken. */
function distinct(certificates: readonly string[]): readonly string[] {
  return [...new Map(certificates.map((pem) => [withoutSpace(pem), pem.trim()])).values()];
}

const withoutSpace = (pem: string): string => pem.replace(/\s/g, '');

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.byteLength > 0;
  } catch {
    return false;
  }
}
