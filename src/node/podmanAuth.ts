// Where podman, buildah and skopeo keep their logins (containers-auth.json(5)).
import { join } from 'node:path';
import type { LoginLocations } from './dockerConfig.ts';

/** In the order in which they count; `REGISTRY_AUTH_FILE` replaces the others. */
export function podmanAuthFiles({ env, homeDirectory }: LoginLocations): readonly string[] {
  const named = env['REGISTRY_AUTH_FILE'];
  if (named) return [named];
  const runtime = env['XDG_RUNTIME_DIR'];
  const config = env['XDG_CONFIG_HOME'];
  return [...(runtime ? [join(runtime, 'containers', 'auth.json')] : []), join(config ? config : join(homeDirectory, '.config'), 'containers', 'auth.json')];
}
