// The globs of policy-controller (`pkg/apis/glob`), taken apart and matched.

export type GlobToken = '*' | '**' | { readonly literal: string };

/**
 * `*` is any run of characters but `/` (so it crosses `:`), `**` any run at all. `*` alone stands for Docker Hub's official images and
 * `*` `/` `*` for its other ones. Which characters a glob may have is the caller's to check.
 */
export function tokenizeGlob(glob: string): readonly GlobToken[] {
  const whole = glob === '*' ? 'index.docker.io/library/*' : glob === '*/*' ? 'index.docker.io/*/*' : glob;
  return whole.split(/(\*\*|\*)/).filter((part) => part !== '').map((part) => (part === '*' || part === '**' ? part : { literal: part }));
}

/** Matches in time proportional to name × tokens, whatever the pattern: no regular expression, so nothing to blow up. */
export function matchesTokens(tokens: readonly GlobToken[], name: string): boolean {
  // reachable[i]: the tokens so far can consume exactly the first i characters.
  let reachable: boolean[] = new Array<boolean>(name.length + 1).fill(false);
  reachable[0] = true;
  for (const token of tokens) {
    const next = new Array<boolean>(name.length + 1).fill(false);
    if (typeof token === 'object') {
      for (let at = 0; at + token.literal.length <= name.length; at++) {
        if (reachable[at] && name.startsWith(token.literal, at)) next[at + token.literal.length] = true;
      }
    } else {
      for (let at = 0, open = false; at <= name.length; at++) {
        if (token === '*' && at > 0 && name[at - 1] === '/') open = false;
        open ||= reachable[at] ?? false;
        next[at] = open;
      }
    }
    reachable = next;
  }
  return reachable[name.length] ?? false;
}
