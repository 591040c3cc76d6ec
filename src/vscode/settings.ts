// The only reader of configuration: settings of one document, checked, and what the engine must know of the window's.
import * as vscode from 'vscode';
import type { FileOutputs, LensAction, SettingId, SigningFormat, VerifyOn } from '../contributions.ts';
import type { DockerfileOptions } from '../core/dockerfile/images.ts';
import type { EngineSettings } from '../core/engine.ts';
import type { CosignError } from '../core/errors.ts';
import type { TrustSettings } from '../core/policy/trustPolicy.ts';
import type { Severities, Severity } from '../presentation/diagnosticText.ts';
import type { PolicyFiles } from './policyFiles.ts';
import { SettingValues } from './settingValues.ts';
import type { Scope } from './storedSettings.ts';
import { readTrust, resolvePath, baseDirectory, type SettingsHomes } from './trustReader.ts';

/** How images and files are signed. */
export interface SigningSettings {
  readonly format: SigningFormat;
  /** COSIGN_REPOSITORY; undefined: the repository of the image. */
  readonly repository?: string;
  readonly dockerMediaTypes: boolean;
  readonly fileOutputs: FileOutputs;
  /** Milliseconds after its last use until an unlocked key is forgotten; 0: the password is asked each time. */
  readonly unlockedForMs: number;
}

export interface ResourceSettings {
  readonly trust: TrustSettings;
  readonly keyScopes: ReadonlyMap<string, Scope>;
  readonly policyScope: Scope | undefined;
  /** Of the policy files in {@link trust}: whether they are being read, and another number for other contents. */
  readonly policyFiles: { readonly pending: boolean; readonly version: number };
  readonly dockerfile: DockerfileOptions;
  readonly verifyOn: VerifyOn;
  readonly debounceMs: number;
  readonly codeLens: boolean;
  /** Lenses beside that with the verdict. */
  readonly lensActions: readonly LensAction[];
  readonly statusBar: boolean;
  readonly severities: Severities;
  /** Whether it is asked where the tags of pinned references lead now. */
  readonly checkDrift: boolean;
  readonly signing: SigningSettings;
  /** Whether layers that are marked as not to be distributed are copied all the same. */
  readonly copiesForeignLayers: boolean;
  /** What is wrong in any setting read for the document; those of keys and policies are in {@link trust} too. */
  readonly problems: readonly CosignError[];
  /** Settings of the workspace that do not count, because the folder is not trusted. */
  readonly ignored: readonly SettingId[];
}

const severityChoices: readonly Severity[] = ['error', 'warning', 'information', 'hint', 'off'];
const networkSettings = ['http.proxy', 'http.proxyAuthorization', 'http.noProxy', 'http.proxyStrictSSL', 'http.proxySupport'];

export class Settings implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #disposable: vscode.Disposable;
  readonly #homeDirectory: string;
  readonly #policyFiles: PolicyFiles;

  /** Fires when anything that is read here may be another value than before. */
  readonly onDidChange = this.#changed.event;

  readonly homes: SettingsHomes;

  constructor(homes: SettingsHomes, policyFiles: PolicyFiles) {
    this.homes = homes;
    this.#homeDirectory = homes.homeDirectory;
    this.#policyFiles = policyFiles;
    const fire = (): void => this.#changed.fire(undefined);
    this.#disposable = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (['countersign', ...networkSettings].some((section) => change.affectsConfiguration(section))) fire();
      }),
      policyFiles.onDidChange(fire),
      vscode.workspace.onDidGrantWorkspaceTrust(fire),
      vscode.workspace.onDidChangeWorkspaceFolders(fire),
    );
  }

  /** The settings that count for a document; without one those of the window. */
  forResource(resource: vscode.Uri | undefined): ResourceSettings {
    const values = new SettingValues(resource);
    const { trust: own, keyScopes, policyScope } = readTrust(values, resource, this.homes);
    const { files, problems, pending, version } = this.#policyFiles.lookup(values, resource);
    const trust: TrustSettings = { ...own, ...(files.length === 0 ? {} : { files }), problems: [...own.problems, ...problems] };
    const platform = values.text('countersign.dockerfile.platform').trim();
    const buildArgs = Object.fromEntries([...values.textMap('countersign.dockerfile.buildArgs')].map(([name, { value }]) => [name, value]));
    const engine = this.#engineValues();
    const severity = (id: SettingId & `countersign.diagnostics.${string}`): Severity => values.choice(id, severityChoices);
    return {
      trust, keyScopes, policyScope,
      policyFiles: { pending, version },
      dockerfile: { buildArgs, ...(platform === '' ? {} : { platform }) },
      verifyOn: values.choice('countersign.verify.on', ['type', 'save', 'manual']),
      debounceMs: values.number('countersign.verify.debounce'),
      codeLens: values.boolean('countersign.codeLens.enabled'),
      lensActions: values.choices('countersign.codeLens.actions', ['sign', 'copy', 'pin']),
      statusBar: values.boolean('countersign.statusBar.enabled'),
      severities: {
        unsigned: severity('countersign.diagnostics.unsigned'),
        untrusted: severity('countersign.diagnostics.untrusted'),
        unchecked: severity('countersign.diagnostics.unchecked'),
        unresolved: severity('countersign.diagnostics.unresolved'),
        missingArgument: severity('countersign.diagnostics.missingArgument'),
        dockerfile: severity('countersign.diagnostics.dockerfile'),
        drift: severity('countersign.diagnostics.drift'),
      },
      checkDrift: values.boolean('countersign.pinning.checkDrift', false),
      signing: signingSettings(values),
      copiesForeignLayers: values.choice('countersign.copy.foreignLayers', ['leave', 'copy']) === 'copy',
      problems: [...trust.problems, ...values.problems, ...engine.problems],
      ignored: [...new Set([...values.ignored, ...engine.ignored])],
    };
  }

  /** A glob of what "Verify All Dockerfiles" leaves out; empty: only what the editor itself hides. */
  workspaceExclude(): string {
    return new SettingValues(undefined).text('countersign.workspace.exclude').trim();
  }

  /** Settles when the policy files that were asked about are read. */
  whenRead(): Promise<void> {
    return this.#policyFiles.whenRead();
  }

  /** What the engine must know; in Restricted Mode without anything a repository says. */
  engine(): EngineSettings {
    return this.#engineValues().settings;
  }

  #engineValues(): { settings: EngineSettings; problems: readonly CosignError[]; ignored: readonly SettingId[] } {
    const values = new SettingValues(undefined);
    const http = vscode.workspace.getConfiguration('http');
    const [proxy, proxyAuthorization] = [http.get<unknown>('proxy'), http.get<unknown>('proxyAuthorization')];
    const noProxy = http.get<unknown>('noProxy');
    const authorities = [...values.textMap('countersign.registries.certificateAuthorities')].map(([host, { value, scope }]) => {
      const file = resolvePath(value, baseDirectory(scope, undefined, this.#homeDirectory));
      return [host, file?.fsPath ?? value] as const;
    });
    return {
      settings: {
        trusted: vscode.workspace.isTrusted,
        insecureRegistries: values.texts('countersign.registries.insecure'),
        certificateAuthorities: Object.fromEntries(authorities),
        ...clientCertificates(values, this.#homeDirectory),
        useSystemConfiguration: values.boolean('countersign.registries.useSystemConfiguration', false),
        // What cannot be read is read as the cautious choice.
        useCredentials: values.boolean('countersign.registries.useCredentials', false),
        ...(typeof proxy === 'string' && proxy !== '' ? { proxy } : {}),
        ...(typeof proxyAuthorization === 'string' && proxyAuthorization !== '' ? { proxyAuthorization } : {}),
        ...(http.get<unknown>('proxySupport') === 'off' ? { proxySupport: false } : {}),
        noProxy: Array.isArray(noProxy) ? noProxy.filter((host): host is string => typeof host === 'string') : [],
        proxyStrictSSL: http.get<unknown>('proxyStrictSSL') !== false,
        editorFallback: values.boolean('countersign.network.editorFallback', false),
        timeoutMs: values.number('countersign.network.timeout') * 1000,
        tagLifetimeMs: values.number('countersign.cache.tagLifetime') * 1000,
        storageMaxBytes: values.number('countersign.storage.maxSize') * 1_000_000,
        ...kubernetesSettings(values, this.#homeDirectory),
      },
      problems: values.problems,
      ignored: values.ignored,
    };
  }

  dispose(): void {
    this.#disposable.dispose();
  }
}

function clientCertificates(values: SettingValues, homeDirectory: string): Pick<EngineSettings, 'clientCertificates'> {
  const pairs = [...values.certificatePairs('countersign.registries.clientCertificates')].map(([host, { cert, key, scope }]) => {
    const [certificate, own] = [cert, key].map((path) => resolvePath(path, baseDirectory(scope, undefined, homeDirectory))?.fsPath ?? path);
    return [host, { certificate: certificate ?? cert, key: own ?? key }] as const;
  });
  return pairs.length === 0 ? {} : { clientCertificates: Object.fromEntries(pairs) };
}

function kubernetesSettings(values: SettingValues, homeDirectory: string): Pick<EngineSettings, 'kubernetes'> {
  const [path, context] = [values.text('countersign.kubernetes.kubeconfig').trim(), values.text('countersign.kubernetes.context').trim()];
  const scope = values.scopes('countersign.kubernetes.kubeconfig').at(-1)?.scope ?? 'user';
  const home = /^~[/\\]/.test(path) ? resolvePath(path.slice(2), homeDirectory) : undefined;
  const file = path === '' ? undefined : home ?? resolvePath(path, baseDirectory(scope, undefined, homeDirectory));
  if (path === '' && context === '') return {};
  return { kubernetes: { ...(path === '' ? {} : { kubeconfig: file?.fsPath ?? path }), ...(context === '' ? {} : { context }) } };
}

function signingSettings(values: SettingValues): SigningSettings {
  const repository = values.text('countersign.signing.repository').trim();
  return {
    format: values.choice('countersign.signing.format', ['both', 'legacy', 'bundle']),
    ...(repository === '' ? {} : { repository }),
    dockerMediaTypes: values.boolean('countersign.signing.dockerMediaTypes'),
    fileOutputs: values.choice('countersign.signing.fileOutputs', ['both', 'signature', 'bundle']),
    unlockedForMs: values.number('countersign.signing.unlockedFor') * 1000,
  };
}
