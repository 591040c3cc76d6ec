// An engine as the editor gets it, with plain settings for tests.
import type { Engine, EngineSettings, VerifyQuery } from '../../src/core/engine.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import { parseKeys, parsePolicies } from '../../src/core/policy/parseTrust.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { createEngine } from '../../src/engine.ts';

export const testSettings: EngineSettings = {
  trusted: true, insecureRegistries: [], certificateAuthorities: {}, useCredentials: false, noProxy: [], proxyStrictSSL: true,
  timeoutMs: 10_000, tagLifetimeMs: 60_000,
};

/** @param storageFolder for signatures that outlive the engine; with room for some, unless the settings say otherwise */
export function testEngine(settings: Partial<EngineSettings> = {}, env: Readonly<Record<string, string>> = {}, storageFolder?: string): Engine {
  return createEngine({ version: '0.0.0', env, homeDirectory: '/nonexistent', storageFolder }, { ...testSettings, storageMaxBytes: 2 ** 24, ...settings });
}

export interface AskOptions {
  readonly policies?: readonly object[];
  readonly platform?: string;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** Verifies one image with these keys (name → PEM or any other key reference). */
export function ask(engine: Engine, image: string, keys: Readonly<Record<string, string>>, options: AskOptions = {}): Promise<Verdict> {
  const parsedKeys = parseKeys(keys);
  const parsedPolicies = parsePolicies(options.policies, new Set(Object.keys(keys)));
  const query: VerifyQuery = {
    reference: parseReference(image),
    trust: { keys: parsedKeys.values, policies: parsedPolicies.values, problems: [...parsedKeys.problems, ...parsedPolicies.problems] },
    fresh: options.fresh ?? false,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  };
  return engine.verify(query, options.signal ?? new AbortController().signal);
}
