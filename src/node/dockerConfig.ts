// Where docker keeps its logins.
import { join } from 'node:path';

export interface LoginLocations {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Absolute path of a docker config directory; undefined: `DOCKER_CONFIG`, then `~/.docker`. */
  readonly dockerConfig?: string;
}

/** docker/cli `cli/config`: the directory's `config.json`. */
export function dockerConfigFile({ env, homeDirectory, dockerConfig }: LoginLocations): string {
  return join(dockerConfig ?? (env['DOCKER_CONFIG'] ? env['DOCKER_CONFIG'] : join(homeDirectory, '.docker')), 'config.json');
}
