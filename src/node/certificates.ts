// Which certificate authorities a TLS connection trusts: this machine's, Node's own, and those a person added for one registry.
import { X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';
import { CosignError } from '../core/errors.ts';
import { FileProblem, fileVersion, readBoundedFile } from './boundedFile.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Authorities to connect with. */
export interface Authorities {
  /** Equal identities mean equal authorities. */
  readonly identity: string;
  /** Undefined: whatever Node trusts by itself (and the editor has added to that). */
  readonly context: tls.SecureContext | undefined;
}

/** Where Linux and BSD distributions keep their bundle; the first that can be read counts, as in Go's crypto/x509. */
const bundleFiles = [
  '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', '/etc/ssl/cert.pem', '/usr/local/etc/ssl/cert.pem', '/usr/local/share/certs/ca-root-nss.crt',
];
const maxBundleBytes = 8 * 1024 * 1024;
const maxAuthorityBytes = 1024 * 1024;

/** Builds each TLS context once: parsing a system's certificates for every connection would cost more than the connection. */
export class CertificateStore {
  readonly #env: Environment;
  readonly #contexts = new Map<string, Promise<Authorities>>();
  #system: Promise<readonly string[] | undefined> | undefined;

  constructor(env: Environment) {
    this.#env = env;
  }

  /**
   * @param file absolute path of a PEM file with further authorities; a changed file is read again
   * @param host for messages
   * @throws {CosignError} `CERTIFICATE_UNREADABLE`
   */
  async authorities(file: string | undefined, host: string): Promise<Authorities> {
    const system = await (this.#system ??= systemCertificates(this.#env));
    if (file === undefined) return this.#shared('', () => Promise.resolve(system && tls.createSecureContext({ ca: [...system] })));
    try {
      const identity = `${file}/${await fileVersion(file)}`;
      return await this.#shared(identity, async () => {
        const added = certificatesIn(Buffer.from(await readBoundedFile(file, maxAuthorityBytes, new AbortController().signal)).toString('latin1'));
        if (added.length === 0) throw new FileProblem('holds no PEM certificate', false);
        if (!added.every(isCertificate)) throw new FileProblem('holds a certificate that cannot be read', false);
        return tls.createSecureContext({ ca: [...(system ?? tls.rootCertificates), ...added] });
      });
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      throw new CosignError('CERTIFICATE_UNREADABLE', `The certificate file "${file}" for "${host}" ${error.message}.`, {
        remedy: 'Correct countersign.registries.certificateAuthorities: it needs the path of a file with PEM certificates.', cause: error,
      });
    }
  }

  async #shared(identity: string, build: () => Promise<tls.SecureContext | undefined>): Promise<Authorities> {
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

/** Undefined where the machine's certificates cannot be had (macOS and Windows before Node 22.15: the editor adds them itself). */
async function systemCertificates(env: Environment): Promise<readonly string[] | undefined> {
  const found = builtInStore() ?? await firstBundle([env['SSL_CERT_FILE'], ...bundleFiles]);
  const extra = await firstBundle([env['NODE_EXTRA_CA_CERTS']]);
  if (!found && !extra) return undefined;
  return [...new Set([...tls.rootCertificates.map((pem) => pem.trim()), ...(found ?? []), ...(extra ?? [])])];
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
      if (found.length > 0) return found.filter(isCertificate);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
    }
  }
  return undefined;
}

function certificatesIn(text: string): readonly string[] {
  return text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.byteLength > 0;
  } catch {
    return false;
  }
}
