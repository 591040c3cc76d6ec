// What adding or removing a trusted key means for the list of policies; works on the raw setting, so that nothing a person wrote is lost.
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';

/** The images a new key is for. */
export type ImageChoice = 'all' | readonly string[];

/**
 * The policies with the key added, or undefined when they stay as they are.
 *
 * - No policy, all images: none is needed, every key counts for every image.
 * - No policy, some images: the keys there are keep counting for every image, for these images the new one counts beside them.
 * - A policy for exactly these images (`**` for all): the key counts beside its keys.
 * - Otherwise a policy of its own.
 *
 * @param policies the raw setting
 * @param otherKeys names of the keys that count already
 * @throws {CosignError} `POLICY_INVALID` when the setting is not a list
 */
export function addToPolicies(policies: unknown, otherKeys: readonly string[], name: string, images: ImageChoice): readonly unknown[] | undefined {
  const list = asList(policies);
  if (list.length === 0 && images === 'all') return undefined;
  const wanted = images === 'all' ? ['**'] : images;
  const others = otherKeys.filter((other) => other !== name);
  if (list.length === 0) {
    if (others.length === 0) return [{ images: wanted, keys: [name] }];
    return [{ images: ['**', ...wanted.map((image) => `!${image}`)], keys: others }, { images: wanted, keys: [...others, name] }];
  }
  const same = list.findIndex((policy) => isPolicy(policy) && sameImages(policy['images'], wanted));
  if (same === -1) return [...list, { images: wanted, keys: [name] }];
  return list.map((policy, index) => (index === same && isPolicy(policy) ? { ...policy, keys: [...new Set([...policy.keys, name])] } : policy));
}

export interface WithoutKey {
  readonly policies: readonly unknown[];
  /** Positions in the old list of the policies that trust this key and no other; they are in `policies` with an empty list of keys. */
  readonly emptied: readonly number[];
  readonly changed: boolean;
}

/** The policies without the key. Those left without any key ask for what nobody can give: the person decides about them. */
export function removeFromPolicies(policies: unknown, name: string): WithoutKey {
  const list = Array.isArray(policies) ? policies as readonly unknown[] : [];
  const emptied: number[] = [];
  let changed = false;
  const left = list.map((policy, index) => {
    if (!isPolicy(policy) || !policy.keys.includes(name)) return policy;
    changed = true;
    const keys = policy.keys.filter((key) => key !== name);
    if (keys.length === 0) emptied.push(index);
    return { ...policy, keys };
  });
  return { policies: left, emptied, changed };
}

function asList(policies: unknown): readonly unknown[] {
  if (policies === undefined || policies === null) return [];
  if (Array.isArray(policies)) return policies;
  throw new CosignError('POLICY_INVALID', said`countersign.policies is not a list, so no policy can be added to it.`, { remedy: said`Correct it in the settings first.` });
}

/** Has a list of keys; the rest may be as wrong as it likes. */
function isPolicy(policy: unknown): policy is Readonly<Record<string, unknown>> & { readonly keys: readonly unknown[] } {
  return typeof policy === 'object' && policy !== null && 'keys' in policy && Array.isArray(policy.keys);
}

function sameImages(images: unknown, wanted: readonly string[]): boolean {
  if (!Array.isArray(images)) return false;
  const all = new Set<unknown>(images);
  return all.size === new Set(wanted).size && wanted.every((image) => all.has(image));
}
