// What a person types to have a registry looked at: the registry alone, or an image in it.
import { parseReference } from '../oci/reference.ts';
import type { DiagnosisTarget } from './diagnosis.ts';

/**
 * `ghcr.io`, `localhost:5000` and `registry:5000/` are registries; everything else is an image reference.
 * @throws {CosignError} `REFERENCE_INVALID`
 */
export function parseDiagnosisTarget(text: string): DiagnosisTarget {
  const wanted = text.trim().replace(/^https?:\/\//i, '').replace(/\/v2\/?$/, '/');
  const host = /^([^/@]+)\/$/.exec(wanted)?.[1] ?? (/^(?:localhost|[^/:@]+\.[^/:@]+|\[[^\]]+\])(?::\d+)?$/i.test(wanted) ? wanted : undefined);
  // A repository is all that is missing of a reference; two parts, so that the first is taken for a host.
  if (host !== undefined) return { registry: parseReference(`${/[.:]|^localhost$/i.test(host) ? host : `${host}:443`}/a/b`).registry };
  const reference = parseReference(wanted);
  return { registry: reference.registry, reference };
}
