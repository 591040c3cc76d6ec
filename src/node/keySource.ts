// The bytes behind a trusted key's reference: a file, an inline PEM, an environment variable, an https address or a Kubernetes secret.
import { isAbsolute, join, resolve } from 'node:path';
import { SharedLoads } from '../core/async/sharedLoads.ts';
import { sizeText } from '../core/encoding/sizeText.ts';
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import { parseSecretReference, secretReference, type SecretPlace } from '../core/kubernetes/secretReference.ts';
import type { Transport } from '../core/oci/transport.ts';
import type { KeySource } from '../core/policy/keySource.ts';
import type { KeySetting } from '../core/policy/trustPolicy.ts';
import { FileProblem, fileVersion, readBoundedFile } from './boundedFile.ts';
import { isPipe } from './inputFile.ts';
import { downloadKey, keyUrl, maxKeyBytes } from './keyDownload.ts';

/** Reads what can be read once only, and gives the same bytes to whoever asks again. @param path absolute */
export type ReadPipe = (path: string, maxBytes: number, signal: AbortSignal) => Promise<Uint8Array>;

export interface KeySourceOptions {
  readonly transport: Transport;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Milliseconds since the epoch; real time by default. */
  readonly now?: () => number;
  /** Undefined: a key is never read from a pipe. */
  readonly readPipe?: ReadPipe | undefined;
  /** The public key in a Kubernetes secret; without it such references are not supported. */
  readonly readSecret?: (place: SecretPlace, options: { readonly onlyEntry: boolean }, signal: AbortSignal) => Promise<Uint8Array>;
}

/** How long a downloaded key is believed, in milliseconds. */
const downloadLifetimeMs = 10 * 60_000;
/** How long a key in a secret is believed, in milliseconds. */
const secretLifetimeMs = 10 * 60_000;
const maxFiles = 1000;

/** References that cosign knows and Countersign does not read (cosign `pkg/signature/keys.go`). */
const unsupported: Readonly<Record<string, Said>> = {
  gcpkms: said`a Google Cloud KMS key`, awskms: said`an AWS KMS key`, azurekms: said`an Azure Key Vault key`,
  hashivault: said`a HashiCorp Vault key`, openbao: said`an OpenBao key`, gitlab: said`a GitLab variable`, github: said`a GitHub secret`, pkcs11: said`a PKCS#11 token`,
};

/** Files are read again when they change, downloads and secrets after ten minutes; `fresh` bypasses both. */
export function createKeySource({ transport, env, homeDirectory, now, readPipe, readSecret }: KeySourceOptions): KeySource {
  const files = new Map<string, { readonly version: string; readonly bytes: Uint8Array }>();
  const downloads = new SharedLoads<Uint8Array>({ lifetimeMs: () => downloadLifetimeMs, capacity: maxFiles, now: now ?? Date.now });
  const secrets = new SharedLoads<Uint8Array>({ lifetimeMs: () => secretLifetimeMs, capacity: maxFiles, now: now ?? Date.now });

  const readFile = async (key: KeySetting, fresh: boolean, signal: AbortSignal): Promise<Uint8Array> => {
    const path = keyPath(key, homeDirectory);
    if (readPipe && await isPipe(path)) return boundedBytes(key, await readPipe(path, maxKeyBytes, signal));
    try {
      const version = await fileVersion(path);
      const known = files.get(path);
      if (!fresh && known?.version === version) return known.bytes;
      const bytes = await readBoundedFile(path, maxKeyBytes, signal);
      if (files.size >= maxFiles) files.clear();
      files.set(path, { version, bytes });
      return bytes;
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      throw unreadable(key, said`the file "${path}" ${error.said}`, said`Correct the path in countersign.keys.`);
    }
  };

  // All images of a file are verified again at once; their clusters are asked once, and login programs are started once.
  const asking = new Set<string>();
  const askCluster = async (reference: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    asking.add(reference);
    try {
      return await read();
    } finally {
      asking.delete(reference);
    }
  };

  return {
    read: async (key, { fresh }, signal) => {
      signal.throwIfAborted();
      const reference = key.reference.trim();
      if (reference.includes('-----BEGIN ')) return bounded(key, reference);
      const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(reference)?.[1]?.toLowerCase() ?? (/^pkcs11:/i.test(reference) ? 'pkcs11' : undefined);
      switch (scheme) {
        case undefined:
          return readFile(key, fresh, signal);
        case 'env':
          return bounded(key, variable(key, env));
        case 'http':
        case 'https': {
          const url = keyUrl(key.name, reference);
          return downloads.get(url.href, (shared) => downloadKey(transport, key.name, url, shared), signal, fresh);
        }
        case 'k8s': {
          if (!readSecret) throw notRead(key, scheme);
          const place = parseSecretReference(reference);
          const onlyEntry = key.onlyEntry === true;
          const name = `${secretReference(place)}${onlyEntry ? ' alone' : ''}`;
          return boundedBytes(key, await secrets.get(name, (shared) => askCluster(name, () => readSecret(place, { onlyEntry }, shared)), signal, fresh && !asking.has(name)));
        }
        default:
          throw notRead(key, scheme);
      }
    },
  };
}

/** `~` is the home directory; a relative path starts from the key's base directory. */
function keyPath(key: KeySetting, homeDirectory: string): string {
  const path = key.reference.trim();
  if (path.includes('\0')) throw unreadable(key, said`its path holds a NUL character`, said`Correct the path in countersign.keys.`);
  if (path === '~' || /^~[/\\]/.test(path)) return join(homeDirectory, path.slice(1));
  if (isAbsolute(path)) return path;
  if (key.baseDirectory !== undefined) return resolve(key.baseDirectory, path);
  throw unreadable(key, said`there is no folder that the relative path "${path.slice(0, 200)}" could start from`, said`Write the whole path.`);
}

function notRead(key: KeySetting, scheme: string): CosignError {
  return new CosignError('KEY_UNSUPPORTED', said`The key "${key.name}" is ${unsupported[scheme] ?? said`behind "${scheme}://"`}, which Countersign does not read.`, {
    remedy: said`Save the public key as a PEM file ("cosign public-key --key … > cosign.pub") and name that file.`,
  });
}

function variable(key: KeySetting, env: KeySourceOptions['env']): string {
  const name = key.reference.trim().slice('env://'.length);
  const value = env[name];
  if (value !== undefined && value.trim() !== '') return value;
  throw unreadable(key, value === undefined ? said`the environment variable "${name.slice(0, 100)}" is not set` : said`the environment variable "${name.slice(0, 100)}" is empty`, said`Set the variable to the PEM text where the editor is started.`);
}

function bounded(key: KeySetting, text: string): Uint8Array {
  if (text.length <= maxKeyBytes) return new TextEncoder().encode(text);
  throw unreadable(key, said`it is larger than ${sizeText(maxKeyBytes)}`, said`Keep only the public keys.`);
}

function boundedBytes(key: KeySetting, bytes: Uint8Array): Uint8Array {
  if (bytes.length <= maxKeyBytes) return bytes;
  throw unreadable(key, said`it is larger than ${sizeText(maxKeyBytes)}`, said`Keep only the public keys.`);
}

function unreadable(key: KeySetting, why: Said, remedy: Said): CosignError {
  return new CosignError('KEY_UNREADABLE', said`The key "${key.name}" cannot be read: ${why}.`, { remedy });
}
