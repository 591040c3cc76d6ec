// The lazily loaded half of the composition root: networking, crypto and Dockerfile semantics behind the Engine interface.
import { parsePublicKeys } from './core/crypto/publicKey.ts';
import { readDockerfile } from './core/dockerfile/images.ts';
import type { DockerfileImages, DockerfileOptions } from './core/dockerfile/images.ts';
import type { Engine, EngineSettings, KeyDescription, VerifyQuery } from './core/engine.ts';
import { RegistryClient } from './core/oci/registryClient.ts';
import type { KeySetting } from './core/policy/trustPolicy.ts';
import type { Verdict } from './core/policy/verdict.ts';
import { Verifier } from './core/verification/verifier.ts';
import { createKeychain } from './node/keychain.ts';
import { createKeySource } from './node/keySource.ts';
import { systemClock } from './node/systemClock.ts';
import { UndiciTransport } from './node/undiciTransport.ts';

/** What the engine must be told about the machine it runs on. */
export interface Machine {
  /** Of Countersign itself, for the user-agent. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
}

/** Nothing is opened, read or asked before the first call. */
export function createEngine(machine: Machine, settings: EngineSettings): Engine {
  throw new Error(`not yet: ${machine.version} ${String(settings.trusted)}`);
}
