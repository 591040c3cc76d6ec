// Keys as people paste them: an input box makes spaces of line breaks, the clipboard may hold anything.

const block = /-----BEGIN ([A-Z0-9 ]{1,64})-----([\s\S]*?)-----END \1-----/g;

/** PEM text with its line breaks put back, all blocks of it; undefined where there is none. What is in the blocks is not looked at. */
export function restorePem(text: string): string | undefined {
  const blocks = [...text.slice(0, 16 * 1024).matchAll(block)].map(([, label = '', body = '']) => {
    const lines = body.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
    return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
  });
  return blocks.length === 0 ? undefined : blocks.join('');
}

/** `env://NAME`, `https://…` or `k8s://namespace/name`. */
export function isKeyAddress(text: string): boolean {
  return /^(?:env:\/\/[A-Za-z_][A-Za-z0-9_]*|https:\/\/[^\s/]+.*|k8s:\/\/[^\s/]+\/[^\s/]+)$/.test(text);
}
