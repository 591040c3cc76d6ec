// The kubeconfig files of this machine, read by the client library and merged as kubectl does: the first file that names something wins.
import { KubeConfig, type Cluster, type User } from '@kubernetes/client-node';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { ClusterContexts } from '../../core/kubernetes/clusterKeys.ts';
import { CosignError } from '../../core/errors.ts';
import { said, type Said } from '../../core/said.ts';

export interface KubeMachine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Absolute path; undefined: `KUBECONFIG`, then `~/.kube/config`, then the pod this runs in. */
  readonly kubeconfig: string | undefined;
  /** Undefined: the kubeconfig's current one. */
  readonly context: string | undefined;
  /** False in Restricted Mode: no login program is started. */
  readonly trusted: boolean;
}

/** A cluster and how to log in to it. */
export interface ClusterLogin {
  readonly context: string;
  readonly cluster: Cluster;
  /** Adds certificates, logins and proxies to a request. */
  readonly config: KubeConfig;
}

/** Read again whenever it is asked for: logins are renewed in these files. @throws {CosignError} `KUBERNETES_CONFIG_INVALID` */
export function readContexts(machine: KubeMachine): ClusterContexts {
  const config = loadConfig(machine);
  const contexts = config.getContexts().map(({ name, cluster, user, namespace }) => ({ name, cluster, user, namespace }));
  const current = machine.context ?? config.getCurrentContext();
  return { contexts, current: contexts.some(({ name }) => name === current) ? current : undefined };
}

/**
 * @param context undefined: the setting's, else the kubeconfig's
 * @throws {CosignError} `KUBERNETES_CONFIG_INVALID`; `KEY_REFUSED_UNTRUSTED_WORKSPACE` where logging in would start a program in Restricted Mode
 */
export function openLogin(machine: KubeMachine, context: string | undefined): ClusterLogin {
  const config = loadConfig(machine);
  const wanted = context ?? machine.context ?? config.getCurrentContext();
  const found = config.getContexts().find(({ name }) => name === wanted);
  if (!found) {
    const known = config.getContexts().map(({ name }) => name);
    throw invalid(wanted ? said`There is no context "${wanted}" in the kubeconfig.` : said`The kubeconfig has no current context.`,
      known.length === 0 ? said`Add a context to it.` : said`Choose one in countersign.kubernetes.context: ${known.slice(0, 10).join(', ')}.`);
  }
  const cluster = config.getClusters().find(({ name }) => name === found.cluster);
  if (!cluster) throw invalid(said`The context "${found.name}" names the cluster "${found.cluster}", which is not in the kubeconfig.`);
  const user = config.getUsers().find(({ name }) => name === found.user);
  if (!user && found.user) throw invalid(said`The context "${found.name}" names the user "${found.user}", which is not in the kubeconfig.`);
  if (!machine.trusted && startsProgram(user)) {
    throw new CosignError('KEY_REFUSED_UNTRUSTED_WORKSPACE', said`The login of the Kubernetes context "${found.name}" is brought by a program, which is not started in Restricted Mode.`, { remedy: said`Trust the workspace.` });
  }
  // The library keeps what login programs gave under the user's name alone; users of other files and clusters may have the same.
  const place = createHash('sha256').update(JSON.stringify([machine.kubeconfig, machine.env['KUBECONFIG'], cluster.server, user ?? null])).digest('hex').slice(0, 16);
  const own: User = { ...(user ?? {}), name: `${user?.name ?? ''}@${place}` };
  const config2 = new KubeConfig();
  config2.loadFromOptions({ clusters: [cluster], users: [own], contexts: [{ ...found, user: own.name }], currentContext: found.name });
  return { context: found.name, cluster, config: config2 };
}

function loadConfig(machine: KubeMachine): KubeConfig {
  const { files, mayBeMissing } = configFiles(machine);
  const merged = new KubeConfig();
  const parts = files.filter((file) => !mayBeMissing || existsSync(file)).map(readFile);
  if (parts.length === 0) {
    if (machine.kubeconfig === undefined && machine.env['KUBERNETES_SERVICE_HOST']) {
      merged.loadFromCluster();
      return merged;
    }
    throw invalid(said`There is no kubeconfig: ${files.map((file) => `"${file}"`).join(', ')} does not exist.`, said`Name one in countersign.kubernetes.kubeconfig.`);
  }
  const first = <T extends { readonly name: string }>(of: (part: KubeConfig) => readonly T[]): T[] => [...new Map(parts.flatMap(of).toReversed().map((item) => [item.name, item])).values()].toReversed();
  merged.loadFromOptions({
    clusters: first((part) => part.getClusters()), users: first((part) => part.getUsers()), contexts: first((part) => part.getContexts()),
    currentContext: parts.map((part) => part.getCurrentContext()).find((name) => name) ?? '',
  });
  return merged;
}

function configFiles({ env, homeDirectory, kubeconfig }: KubeMachine): { readonly files: readonly string[]; readonly mayBeMissing: boolean } {
  if (kubeconfig !== undefined) return { files: [kubeconfig], mayBeMissing: false };
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (named.length > 0) return { files: named.map((file) => (isAbsolute(file) ? file : resolve(file))), mayBeMissing: true };
  return { files: [join(homeDirectory, '.kube', 'config')], mayBeMissing: true };
}

function readFile(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    // The parser's own message quotes lines of the file, tokens among them.
    throw invalid(code === 'ENOENT' ? said`The kubeconfig "${file}" does not exist.` : code === undefined ? said`The kubeconfig "${file}" is not valid.` : said`The kubeconfig "${file}" cannot be read (${code}).`);
  }
  return config;
}

/** Exec plugins, and the older providers that run a command. */
function startsProgram(user: User | undefined): boolean {
  if (!user) return false;
  const provider: unknown = user.authProvider;
  return Boolean(user.exec) || (typeof provider === 'object' && provider !== null && 'config' in provider
    && typeof provider.config === 'object' && provider.config !== null && ('cmd-path' in provider.config || 'exec' in provider.config));
}

function invalid(message: Said, remedy = said`Correct the kubeconfig.`): CosignError {
  return new CosignError('KUBERNETES_CONFIG_INVALID', message, { remedy });
}
