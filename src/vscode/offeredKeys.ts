// The keys that a person trusts, as a policy file can hold them.
import type * as vscode from 'vscode';
import type { Engine, KeyDescription } from '../core/engine.ts';
import type { OfferedKey } from '../core/policy/keyFixes.ts';
import type { KeySetting } from '../core/policy/trustPolicy.ts';
import type { Settings } from './settings.ts';
import { keyFile } from './trustReader.ts';

const maxKeys = 20;
const timeoutMs = 3000;

/** Keys on this machine only: nobody asked for a cluster or an address to be reached. One that cannot be read is none to offer. */
export async function trustedKeysFor(uri: vscode.Uri, settings: Settings, engine: Engine): Promise<readonly OfferedKey[]> {
  const local = settings.forResource(uri).trust.keys.filter(({ reference }) => !/^(?:k8s|https?):/i.test(reference)).slice(0, maxKeys);
  const keys = await Promise.all(local.map(async (key) => {
    const description = await describeFirst(key, engine);
    return description && offeredKey(key, description);
  }));
  return keys.filter((key) => key !== undefined);
}

/** The first key behind a reference; undefined where there is none that can be read. */
export async function describeFirst(key: KeySetting, engine: Engine): Promise<KeyDescription | undefined> {
  try {
    return (await engine.describeKey(key, AbortSignal.timeout(timeoutMs)))[0];
  } catch {
    return undefined;
  }
}

export function offeredKey(key: KeySetting, { pem }: KeyDescription): OfferedKey {
  return { name: key.name, pem, path: keyFile(key)?.fsPath };
}
