// The lazily loaded composition root for keys in Kubernetes: whoever has none never loads the client library.
import { randomInt } from 'node:crypto';
import { CosignError } from './core/errors.ts';
import type { ClusterKeys } from './core/kubernetes/clusterKeys.ts';
import { planKeyPair, type KeyPairMaker } from './core/kubernetes/keyPairPlan.ts';
import { dataKeys, dataOf, onlyKeyOf, publicKeyOf, type StoredSecret } from './core/kubernetes/secretObject.ts';
import type { SecretPlace } from './core/kubernetes/secretReference.ts';
import type { SecretStore } from './core/kubernetes/secretStore.ts';
import { refusal } from './node/kubernetes/apiFailure.ts';
import { openLogin, readContexts, type KubeMachine } from './node/kubernetes/kubeConfig.ts';
import { createSecretClient } from './node/kubernetes/secretClient.ts';

export interface ClusterMachine extends KubeMachine {
  /** For one request, logging in included; milliseconds. */
  readonly timeoutMs: number;
  /** A new encrypted key pair: handed in, so that this chunk need not hold the cryptography. */
  readonly generate: KeyPairMaker['generate'];
}

/** Nothing is read or asked before the first call, and nothing is kept between calls. */
export function createClusterKeys(machine: ClusterMachine): ClusterKeys {
  const open = (context: string | undefined): SecretStore => {
    const { context: name } = openLogin(machine, context);
    return createSecretClient(name, () => openLogin(machine, name), machine.timeoutMs);
  };
  const find = async (place: SecretPlace, signal: AbortSignal): Promise<{ secret: StoredSecret; context: string }> => {
    const store = open(undefined);
    const secret = await store.get(place, signal);
    if (!secret) throw refusal({ context: store.context, verb: 'get', resource: 'secrets', place }, 404, '');
    return { secret, context: store.context };
  };
  return {
    readPublic: async (place, signal) => {
      const { secret, context } = await find(place, signal);
      return publicKeyOf(secret, context);
    },
    readOnlyEntry: async (place, signal) => {
      const { secret, context } = await find(place, signal);
      return onlyKeyOf(secret, context);
    },
    readPrivate: async (place, signal) => {
      const { secret, context } = await find(place, signal);
      return { file: dataOf(secret, dataKeys.privateKey, context), password: Object.hasOwn(secret.data, dataKeys.password) ? dataOf(secret, dataKeys.password, context) : new Uint8Array() };
    },
    contexts: (signal) => {
      signal.throwIfAborted();
      return Promise.resolve().then(() => readContexts(machine));
    },
    namespaces: (context, signal) => unlessForbidden(() => open(context).namespaces(signal)),
    secrets: (context, namespace, signal) => unlessForbidden(() => open(context).secrets(namespace, signal)),
    planKeyPair: async (request, signal) => planKeyPair(open(request.context), request, { generate: machine.generate, randomText }, signal),
  };
}

async function unlessForbidden<T>(list: () => Promise<T>): Promise<T | undefined> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof CosignError && error.code === 'KUBERNETES_FORBIDDEN') return undefined;
    throw error;
  }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function randomText(length: number): string {
  return Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join('');
}
