// Why a reference in a Dockerfile is left as it is, in a sentence.
import type { Refusal } from '../core/rewriting/edits.ts';
import { enumeration, type Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';

/** One sentence. */
export function refusalWords(refusal: Refusal, t: Translate): string {
  const name = 'name' in refusal ? plainText(refusal.name, 60) : '';
  switch (refusal.kind) {
    case 'no reference': return t('It is not a valid image reference.');
    case 'pinned already': return t('It has a digest already.');
    case 'not pinned': return t('It has no digest.');
    case 'no tag': return t('It has no tag that would stay.');
    case 'several lines': return t('The reference is written over several lines.');
    case 'variables': return t('The reference is made of variables in a way that cannot be changed safely.');
    case 'name and tag in one': return t('One variable holds a part of the name and of the tag.');
    case 'tag in variable': return t('The tag or digest comes from the variable {0}, and the copy has another one.', name);
    case 'no single variable': return t('No single variable of the reference can be changed so that it names the copy.');
    case 'setting': return t('{0} has its value from the setting countersign.dockerfile.buildArgs.', name);
    case 'no default': return t('{0} has no default in the Dockerfile that could be changed.', name);
    case 'default of parts': return t('The default of {0} is itself made of other parts.', name);
    case 'used elsewhere': return t('Changing {0} would change line {1} too.', name, refusal.line + 1);
    case 'disagreement': return t('Images with different digests share the default of {0}.', name);
    case 'policies end': {
      const policies = enumeration(refusal.policies.map((policy) => plainText(policy, 80)), t, 3);
      if (refusal.lookAt === 'digest') {
        return refusal.policies.length === 1
          ? t('The policy {0} looks at the digest and would no longer cover the image; let it cover the repository first.', policies)
          : t('The policies {0} look at the digest and would no longer cover the image; let them cover the repository first.', policies);
      }
      return refusal.policies.length === 1
        ? t('The policy {0} looks at the tag and would no longer cover the image with a digest; let it cover the repository first.', policies)
        : t('The policies {0} look at the tag and would no longer cover the image with a digest; let them cover the repository first.', policies);
    }
    case 'no effect': return t('With the change a build would not pull exactly that image.');
  }
}
