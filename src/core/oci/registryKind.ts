// Which service a host name belongs to, by the names these services give out; never where it decides anything.

export type RegistryKind = 'Docker Hub' | 'GitHub' | 'Amazon ECR' | 'Google' | 'Azure' | 'Quay' | 'GitLab' | 'this machine' | 'other';

const kinds: readonly (readonly [RegistryKind, RegExp])[] = [
  ['Docker Hub', /^(?:index\.)?docker\.io$|^registry-1\.docker\.io$/],
  ['GitHub', /^ghcr\.io$|^docker\.pkg\.github\.com$/],
  ['Amazon ECR', /^public\.ecr\.aws$|^\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/],
  ['Google', /^(?:[a-z0-9-]+\.)?gcr\.io$|-docker\.pkg\.dev$/],
  ['Azure', /\.azurecr\.(?:io|cn|us)$|^mcr\.microsoft\.com$/],
  ['Quay', /^quay\.io$/],
  ['GitLab', /^registry\.gitlab\.com$/],
  ['this machine', /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/],
];

/** @param registry a host, with or without a port, as references have it */
export function registryKind(registry: string): RegistryKind {
  const host = registry.toLowerCase().replace(/:\d+$/, '');
  return kinds.find(([, pattern]) => pattern.test(host))?.[0] ?? 'other';
}
