// A policy file that an untrusted workspace brings: it may ask for more, and must not make the machine reach for anything.
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { Demand, DemandRule, PolicyFile } from './demand.ts';
import type { KeySetting } from './trustPolicy.ts';

/**
 * Demands only, and keys from nowhere but the file itself and other files of the workspace: no cluster, no address, no environment, no file elsewhere.
 * @param isInside whether the key is a file of the workspace
 */
export function restrictedFile(file: PolicyFile, isInside: (key: KeySetting) => boolean): PolicyFile {
  const mayRead = (key: KeySetting): boolean => key.reference.includes('-----BEGIN ') || (!isAddress(key.reference) && isInside(key));
  return {
    uri: file.uri, demandsOnly: true,
    ...(file.keys ? { keys: file.keys.filter(mayRead) } : {}),
    demandsFor: (reference) => file.demandsFor(reference).map((demand): Demand => ({ ...demand, rule: restricted(demand.rule, mayRead) })),
  };
}

const isAddress = (reference: string): boolean => /^[a-z][a-z0-9+.-]+:/i.test(reference) && !/^[a-z]:[/\\]/i.test(reference);

/**
 * A file of an untrusted workspace that cannot be read: what it may ask for is not known, so nothing is verified; and what the person's
 * own policies find stands, as it would not with a problem of the settings, which leaves every image unchecked.
 */
export function unreadableFile(uri: string, name: string, error: CosignError): PolicyFile {
  const demand: Demand = { policy: name, origin: { kind: 'cluster-image-policy', uri }, rule: { kind: 'unsupported', error } };
  return { uri, demandsOnly: true, demandsFor: () => [demand] };
}

function restricted(rule: DemandRule, mayRead: (key: KeySetting) => boolean): DemandRule {
  switch (rule.kind) {
    case 'any': case 'all': return { ...rule, rules: rule.rules.map((part) => restricted(part, mayRead)) };
    case 'signers': {
      const key = rule.keys.find((candidate) => !mayRead(candidate));
      if (!key) return rule;
      const error = new CosignError('KEY_REFUSED_UNTRUSTED_WORKSPACE', said`The key "${key.reference.slice(0, 200)}" of a policy file is not looked up in Restricted Mode.`, { remedy: said`Trust the workspace.` });
      return { kind: 'unsupported', ...(rule.name === undefined ? {} : { name: rule.name }), error };
    }
    case 'accept': case 'reject': case 'unsupported': return rule;
  }
}
