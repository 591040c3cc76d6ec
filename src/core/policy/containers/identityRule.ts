// `signedIdentity` as it is written in a containers policy → the rule it stands for.
import type { IdentityRule } from '../demand.ts';
import type { PolicyFix } from '../policyProblem.ts';
import { isDockerHost, isDockerName, parseDockerReference } from './dockerReference.ts';
import type { JsonNode } from './jsonText.ts';
import type { PolicyReader } from './policyReader.ts';

const kinds = ['matchExact', 'matchRepoDigestOrExact', 'matchRepository', 'exactReference', 'exactRepository', 'remapIdentity'] as const;

export function parseIdentity(reader: PolicyReader, node: JsonNode): IdentityRule | undefined {
  if (node.type !== 'object') {
    reader.wrongType(node, 'signedIdentity', 'object');
    return undefined;
  }
  const kind = reader.typeOf(node, kinds);
  switch (kind) {
    case undefined: return undefined;
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
      reader.fields(node, kind, ['type']);
      return { kind };
    case 'exactReference': {
      const [dockerReference] = textFields(reader, node, kind, ['dockerReference'], isExactReference);
      return dockerReference === undefined ? undefined : { kind, dockerReference };
    }
    case 'exactRepository': {
      const [dockerRepository] = textFields(reader, node, kind, ['dockerRepository'], (text) => parseDockerReference(text) !== undefined);
      return dockerRepository === undefined ? undefined : { kind, dockerRepository };
    }
    case 'remapIdentity': {
      const [prefix, signedPrefix] = textFields(reader, node, kind, ['prefix', 'signedPrefix'], isPrefix);
      return prefix === undefined || signedPrefix === undefined ? undefined : { kind, prefix, signedPrefix };
    }
  }
}

/** Each of them must be there and hold a name that is allowed. */
function textFields(reader: PolicyReader, node: JsonNode, kind: string, names: readonly string[], isAllowed: (text: string) => boolean): readonly (string | undefined)[] {
  const fields = reader.fields(node, kind, ['type', ...names]);
  return names.map((name) => {
    const value = fields.get(name);
    const text = value && reader.text(value, name);
    if (!value) reader.error('missing-field', reader.json.rangeOf(node), [name, '']);
    else if (text !== undefined && !isAllowed(text)) reader.error('invalid-name', reader.json.rangeOf(value), [name, text.slice(0, 200)], replacing(reader, value, text, isAllowed));
    return text;
  });
}

/** An address, a wildcard or capital letters where a plain name was meant. */
function replacing(reader: PolicyReader, node: JsonNode, text: string, isAllowed: (text: string) => boolean): readonly PolicyFix[] {
  const bare = text.trim().replace(/^(?:https?|docker):\/\//i, '').replace(/(?:\/+\**)+$/, '');
  const meant = [bare, bare.toLowerCase(), bare.replace(/:[\w.-]*$/, '')].find((candidate) => candidate !== text && isAllowed(candidate));
  return meant === undefined ? [] : [{ kind: 'replace-name', args: [meant], edits: [{ range: reader.json.rangeOf(node), text: JSON.stringify(meant) }] }];
}

function isExactReference(text: string): boolean {
  const parsed = parseDockerReference(text);
  return parsed?.tag !== undefined || parsed?.digest !== undefined;
}

/** A host with or without its port, or a name that begins with what may be one. */
function isPrefix(text: string): boolean {
  return isDockerHost(text) || (isDockerName(text) && isDockerHost(text.slice(0, Math.max(text.indexOf('/'), 0))));
}
