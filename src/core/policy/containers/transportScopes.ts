// Which scopes a transport of a containers policy may have: one that it cannot have makes podman, buildah and skopeo refuse the whole file.

type ScopeRule = (scope: string) => boolean;

const onlyDefault: ScopeRule = () => false;
/** `/` would be the same as the transport's default `""`. */
const cleanPath: ScopeRule = (scope) => scope !== '/' && /^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/.test(scope);
const digest = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;

/** As each transport's `ValidatePolicyConfigurationScope` in containers/image. Scopes of `docker` and of unknown transports are not looked at. */
const rules = new Map<string, ScopeRule>([
  ['dir', cleanPath],
  ['sif', cleanPath],
  ['oci', cleanPath],
  ['oci-archive', cleanPath],
  ['docker-archive', onlyDefault],
  ['tarball', onlyDefault],
  ['docker-daemon', (scope) => !digest.test(scope)],
  ['containers-storage', (scope) => /^\[(?:[^@\]]+@)?\/[^\]@]*\]/.test(scope)],
]);

/** `""`, the default of the transport, is allowed everywhere. */
export function isPossibleScope(transport: string, scope: string): boolean {
  return scope === '' || (rules.get(transport)?.(scope) ?? true);
}
