// How a connection to one host is secured: which authorities, which client certificate, under which name, or without verifying at all.
import type { EngineSettings } from '../core/engine.ts';
import { said, type Said } from '../core/said.ts';
import { CertificateStore, type CertificateFile, type ClientCertificate, type TlsIdentity } from './certificates.ts';
import { certificatesFor, type MachinePlaces } from './certsFolders.ts';
import { hostPortOf, namesHost, type HostPort } from './hostNames.ts';

export type TrustSettings = Pick<EngineSettings, 'insecureRegistries' | 'certificateAuthorities' | 'clientCertificates' | 'useSystemConfiguration' | 'flags'>
  & Partial<Pick<EngineSettings, 'trusted' | 'useCredentials'>>;

export interface HostTrust extends TlsIdentity {
  /** False accepts any certificate. */
  readonly verify: boolean;
  /** Asked for, and looked for in the certificate, instead of the host's name. */
  readonly serverName?: string;
  /** Whether a client certificate is shown to a server that asks; or the key that is there and must not be read. */
  readonly client: ClientState;
}

export type ClientState =
  | { readonly kind: 'sent'; readonly path: string }
  | { readonly kind: 'none' }
  /** There is one; credentials are not used, because of Restricted Mode or the settings. */
  | { readonly kind: 'withheld' }
  | { readonly kind: 'unreadable'; readonly path: string };

const inAuthorities = said`Correct countersign.registries.certificateAuthorities: it needs the path of a file with PEM certificates.`;
const inClientCertificates = said`Correct countersign.registries.clientCertificates: it needs the paths of PEM files, the key without a password.`;
const inFlags = said`Correct --registry-cacert, --registry-client-cert and --registry-client-key: they need PEM files, the key without a password.`;
const inFolder = said`Correct the folder in certs.d; countersign.registries.useSystemConfiguration decides whether it is read.`;

/** A client certificate is a credential: of its host alone, and of no host in Restricted Mode or where credentials are turned off. */
export class HostTrusts {
  readonly #settings: TrustSettings;
  readonly #places: MachinePlaces;
  readonly #store: CertificateStore;

  constructor(settings: TrustSettings, places: MachinePlaces) {
    this.#settings = settings;
    this.#places = places;
    this.#store = new CertificateStore(places.env);
  }

  /**
   * @param shown for messages @param anyCertificate whoever asks accepts any
   * @throws {CosignError} `CERTIFICATE_UNREADABLE`
   */
  async of(host: HostPort, shown: string, anyCertificate: boolean): Promise<HostTrust> {
    const { insecureRegistries, certificateAuthorities, flags, useSystemConfiguration } = this.#settings;
    const verify = !anyCertificate && flags?.anyCertificate !== true && !insecureRegistries.some((entry) => namesHost(entry, host));
    const folder = useSystemConfiguration === true ? await certificatesFor(host, this.#places) : undefined;
    const own = Object.entries(certificateAuthorities).find(([entry]) => namesHost(entry, host))?.[1];
    const [path, remedy] = own === undefined ? [flags?.certificateAuthority, inFlags] : [own, inAuthorities];
    const authorities = [...(path === undefined ? [] : [{ path, remedy }]), ...(folder?.authorities ?? []).map((file) => ({ path: file, remedy: inFolder }))];
    const { certificate, state } = this.#client(host, folder);
    const serverName = flags?.serverName && isOneOf(flags.serverName.registries, host) ? flags.serverName.name : undefined;
    const identity = await this.#store.identity(verify ? authorities : [], certificate, shown);
    return { ...identity, verify, client: state, ...(serverName === undefined ? {} : { serverName }) };
  }

  /** Of a proxy: the authorities of this machine, and never a certificate of ours. */
  ofProxy(shown: string): Promise<TlsIdentity> {
    return this.#store.identity([], undefined, shown);
  }

  #client(host: HostPort, folder: Awaited<ReturnType<typeof certificatesFor>> | undefined): { readonly certificate: ClientCertificate | undefined; readonly state: ClientState } {
    const { flags, clientCertificates, trusted, useCredentials } = this.#settings;
    const given = flags?.clientCertificate && isOneOf(flags.clientCertificate.registries, host) ? flags.clientCertificate : undefined;
    const set = Object.entries(clientCertificates ?? {}).find(([entry]) => namesHost(entry, host))?.[1];
    const found = given ? pair(given, inFlags) : set ? pair(set, inClientCertificates) : folder?.client && pair(folder.client, inFolder);
    if (!found) return { certificate: undefined, state: folder?.forbiddenKey === undefined ? { kind: 'none' } : { kind: 'unreadable', path: folder.forbiddenKey } };
    if (trusted !== true || useCredentials !== true) return { certificate: undefined, state: { kind: 'withheld' } };
    return { certificate: found, state: { kind: 'sent', path: found.certificate.path } };
  }
}

function pair({ certificate, key }: { readonly certificate: string; readonly key: string }, remedy: Said): ClientCertificate {
  const file = (path: string): CertificateFile => ({ path, remedy });
  return { certificate: file(certificate), key: file(key) };
}

/** Registries as references name them: without a port it is that of https. */
function isOneOf(registries: readonly string[], host: HostPort): boolean {
  return registries.some((registry) => namesHost(registry, host) && hostPortOf(new URL(`https://${registry}`)).port === host.port);
}
