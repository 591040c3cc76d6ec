// Typed twin of package.json: what the extension contributes, so that code cannot name what the manifest does not have. No imports.

/** Every command, by its short name. */
export const commandIds = {
  verifyFile: 'countersign.verifyFile',
  verifyAgain: 'countersign.verifyAgain',
  addTrustedKey: 'countersign.addTrustedKey',
  removeTrustedKey: 'countersign.removeTrustedKey',
  showTrust: 'countersign.showTrust',
  openLog: 'countersign.openLog',
  reportIssue: 'countersign.reportIssue',
  generateKeyPair: 'countersign.generateKeyPair',
  importKeyPair: 'countersign.importKeyPair',
  generateClusterKeyPair: 'countersign.generateClusterKeyPair',
  showPublicKey: 'countersign.showPublicKey',
  changeKeyPassword: 'countersign.changeKeyPassword',
  forgetPasswords: 'countersign.forgetPasswords',
  clearStorage: 'countersign.clearStorage',
  signImage: 'countersign.signImage',
  signFile: 'countersign.signFile',
  verifyFileSignature: 'countersign.verifyFileSignature',
  copyImage: 'countersign.copyImage',
  showCopyPlan: 'countersign.showCopyPlan',
  explainTrust: 'countersign.explainTrust',
  diagnoseRegistry: 'countersign.diagnoseRegistry',
  verifyWorkspace: 'countersign.verifyWorkspace',
  refreshTree: 'countersign.refreshTree',
  openManifest: 'countersign.openManifest',
  openPayload: 'countersign.openPayload',
  pinImages: 'countersign.pinImages',
  unpinImages: 'countersign.unpinImages',
  usePolicyFile: 'countersign.usePolicyFile',
  /** For links and actions only; the palette does not show it. */
  copyDigest: 'countersign.copyDigest',
} as const;

export type CommandId = (typeof commandIds)[keyof typeof commandIds];

/** A place in a document as it travels through command arguments: plain JSON, positions from zero, end exclusive. */
export interface UseLocation {
  readonly uri: string;
  /** Undefined: the whole file. */
  readonly range?: { readonly start: ArgumentPosition; readonly end: ArgumentPosition };
}

export interface ArgumentPosition { readonly line: number; readonly character: number }

/** What "Add Trusted Key…" is prefilled with. */
export interface AddTrustedKeyTarget {
  /** The document the command was called for: decides the folder. */
  readonly uri?: string;
  /** The image reference the person was looking at. */
  readonly image?: string;
  /** A public key, already known: the absolute path of its file, or its PEM. */
  readonly key?: string;
}

/** The editor's address of a file, as the explorer hands it over. */
export interface FileArgument { readonly scheme: string; readonly path: string }

/** Something a registry stores, as the rows of the tree hand it over. */
export interface StoredContent {
  readonly repository: { readonly registry: string; readonly repository: string };
  readonly digest: string;
  /** The layer to be read, in the manifest {@link digest}; undefined: its first one. */
  readonly layer?: string;
}

/** What each command may be called with; a command called from the palette gets nothing. Arguments are input: check them. */
export interface CommandArguments {
  readonly 'countersign.verifyFile': readonly [];
  readonly 'countersign.verifyAgain': readonly [UseLocation?];
  readonly 'countersign.addTrustedKey': readonly [AddTrustedKeyTarget?];
  readonly 'countersign.removeTrustedKey': readonly [];
  readonly 'countersign.showTrust': readonly [UseLocation?];
  readonly 'countersign.openLog': readonly [];
  readonly 'countersign.reportIssue': readonly [];
  readonly 'countersign.generateKeyPair': readonly [];
  readonly 'countersign.importKeyPair': readonly [];
  readonly 'countersign.generateClusterKeyPair': readonly [];
  readonly 'countersign.showPublicKey': readonly [];
  readonly 'countersign.changeKeyPassword': readonly [];
  readonly 'countersign.forgetPasswords': readonly [];
  readonly 'countersign.clearStorage': readonly [];
  readonly 'countersign.signImage': readonly [UseLocation?];
  /** From the explorer: the file that was clicked, and all that are selected. */
  readonly 'countersign.signFile': readonly [FileArgument?, (readonly FileArgument[])?];
  readonly 'countersign.verifyFileSignature': readonly [FileArgument?, (readonly FileArgument[])?];
  readonly 'countersign.copyImage': readonly [UseLocation?];
  readonly 'countersign.showCopyPlan': readonly [UseLocation?];
  /** With `this` only the image at the place; else all of the file. */
  readonly 'countersign.pinImages': readonly [UseLocation?, 'this'?];
  readonly 'countersign.unpinImages': readonly [UseLocation?];
  readonly 'countersign.explainTrust': readonly [UseLocation?];
  readonly 'countersign.diagnoseRegistry': readonly [UseLocation?];
  readonly 'countersign.verifyWorkspace': readonly [];
  readonly 'countersign.refreshTree': readonly [];
  readonly 'countersign.openManifest': readonly [StoredContent?];
  readonly 'countersign.openPayload': readonly [StoredContent?];
  /** The address of the policy file. */
  readonly 'countersign.usePolicyFile': readonly [string?];
  /** The digest, or a row of the tree that has one. */
  readonly 'countersign.copyDigest': readonly [string | Pick<StoredContent, 'digest'>];
}

/** The editor's own commands that links and actions lead to. */
export const editorCommandIds = {
  openSettings: 'workbench.action.openSettings',
  manageWorkspaceTrust: 'workbench.trust.manage',
} as const;

export type VerifyOn = 'type' | 'save' | 'manual';
export type SigningFormat = 'both' | 'legacy' | 'bundle';
export type FileOutputs = 'both' | 'signature' | 'bundle';
/** What can stand beside the lens with the verdict. */
export type LensAction = 'sign' | 'copy' | 'pin';
/** `leave`: they stay behind; `copy`: they are copied where the source has them. */
export type ForeignLayers = 'leave' | 'copy';
export type SeveritySetting = 'error' | 'warning' | 'information' | 'hint' | 'off';

/** The shape of a policy as the JSON schema in package.json describes it; what arrives is still unknown until parsed. */
export interface PolicySetting {
  readonly name?: string;
  readonly images: readonly string[];
  readonly keys: readonly string[];
  readonly require?: 'any' | 'all' | number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly severity?: Exclude<SeveritySetting, 'off'>;
}

/** Paths of PEM files. */
export interface ClientCertificateSetting {
  readonly cert: string;
  readonly key: string;
}

/** Every setting with its type as the manifest declares it. */
export interface Settings {
  readonly 'countersign.keys': Readonly<Record<string, string>>;
  readonly 'countersign.policies': readonly PolicySetting[];
  /** Paths and globs. */
  readonly 'countersign.policyFiles': readonly string[];
  readonly 'countersign.verify.on': VerifyOn;
  /** Milliseconds. */
  readonly 'countersign.verify.debounce': number;
  readonly 'countersign.codeLens.enabled': boolean;
  readonly 'countersign.codeLens.actions': readonly LensAction[];
  readonly 'countersign.statusBar.enabled': boolean;
  readonly 'countersign.diagnostics.unsigned': SeveritySetting;
  readonly 'countersign.diagnostics.untrusted': SeveritySetting;
  readonly 'countersign.diagnostics.unchecked': SeveritySetting;
  readonly 'countersign.diagnostics.unresolved': SeveritySetting;
  readonly 'countersign.diagnostics.missingArgument': SeveritySetting;
  readonly 'countersign.diagnostics.dockerfile': SeveritySetting;
  readonly 'countersign.diagnostics.drift': SeveritySetting;
  readonly 'countersign.dockerfile.buildArgs': Readonly<Record<string, string>>;
  readonly 'countersign.dockerfile.platform': string;
  readonly 'countersign.pinning.checkDrift': boolean;
  readonly 'countersign.registries.insecure': readonly string[];
  readonly 'countersign.registries.certificateAuthorities': Readonly<Record<string, string>>;
  readonly 'countersign.registries.clientCertificates': Readonly<Record<string, ClientCertificateSetting>>;
  readonly 'countersign.registries.useCredentials': boolean;
  readonly 'countersign.registries.useSystemConfiguration': boolean;
  readonly 'countersign.workspace.exclude': string;
  /** Seconds. */
  readonly 'countersign.network.timeout': number;
  readonly 'countersign.network.editorFallback': boolean;
  /** Seconds. */
  readonly 'countersign.cache.tagLifetime': number;
  /** Megabytes. */
  readonly 'countersign.storage.maxSize': number;
  readonly 'countersign.signing.format': SigningFormat;
  readonly 'countersign.signing.repository': string;
  readonly 'countersign.signing.dockerMediaTypes': boolean;
  readonly 'countersign.signing.fileOutputs': FileOutputs;
  /** Seconds. */
  readonly 'countersign.signing.unlockedFor': number;
  readonly 'countersign.copy.foreignLayers': ForeignLayers;
  readonly 'countersign.kubernetes.kubeconfig': string;
  readonly 'countersign.kubernetes.context': string;
}

export type SettingId = keyof Settings;

/** The defaults of package.json. */
export const settingDefaults: Settings = {
  'countersign.keys': {},
  'countersign.policies': [],
  'countersign.policyFiles': [],
  'countersign.verify.on': 'type',
  'countersign.verify.debounce': 300,
  'countersign.codeLens.enabled': true,
  'countersign.codeLens.actions': [],
  'countersign.statusBar.enabled': true,
  'countersign.diagnostics.unsigned': 'warning',
  'countersign.diagnostics.untrusted': 'error',
  'countersign.diagnostics.unchecked': 'information',
  'countersign.diagnostics.unresolved': 'warning',
  'countersign.diagnostics.missingArgument': 'hint',
  'countersign.diagnostics.dockerfile': 'warning',
  'countersign.diagnostics.drift': 'information',
  'countersign.dockerfile.buildArgs': {},
  'countersign.dockerfile.platform': '',
  'countersign.pinning.checkDrift': true,
  'countersign.registries.insecure': [],
  'countersign.registries.certificateAuthorities': {},
  'countersign.registries.clientCertificates': {},
  'countersign.registries.useCredentials': true,
  'countersign.registries.useSystemConfiguration': true,
  'countersign.workspace.exclude': '**/{node_modules,.git}/**',
  'countersign.network.timeout': 30,
  'countersign.network.editorFallback': true,
  'countersign.cache.tagLifetime': 60,
  'countersign.storage.maxSize': 64,
  'countersign.signing.format': 'both',
  'countersign.signing.repository': '',
  'countersign.signing.dockerMediaTypes': false,
  'countersign.signing.fileOutputs': 'both',
  'countersign.signing.unlockedFor': 900,
  'countersign.copy.foreignLayers': 'leave',
  'countersign.kubernetes.kubeconfig': '',
  'countersign.kubernetes.context': '',
};

/** The smallest and largest value of each numeric setting. */
export const settingLimits = {
  'countersign.verify.debounce': { minimum: 0, maximum: 5000 },
  'countersign.network.timeout': { minimum: 1, maximum: 600 },
  'countersign.cache.tagLifetime': { minimum: 0, maximum: 86_400 },
  'countersign.storage.maxSize': { minimum: 0, maximum: 1024 },
  'countersign.signing.unlockedFor': { minimum: 0, maximum: 86_400 },
} as const satisfies Partial<Record<SettingId, { readonly minimum: number; readonly maximum: number }>>;

/** Settings whose workspace values are ignored in Restricted Mode: a repository must not choose whom its reader trusts. */
export const restrictedSettings = [
  'countersign.keys',
  'countersign.policies',
  'countersign.dockerfile.buildArgs',
  'countersign.dockerfile.platform',
  'countersign.registries.insecure',
  'countersign.registries.certificateAuthorities',
  'countersign.registries.clientCertificates',
  'countersign.registries.useCredentials',
  'countersign.registries.useSystemConfiguration',
  'countersign.network.editorFallback',
  'countersign.signing.repository',
  'countersign.kubernetes.kubeconfig',
  'countersign.kubernetes.context',
] as const satisfies readonly SettingId[];

/** Of these, what the editor must hand over all the same: the workspace's values may add demands, never trust. */
export const addingSettings = ['countersign.policies'] as const satisfies readonly (typeof restrictedSettings)[number][];

/** The view with the trust tree. */
export const trustViewId = 'countersign.images';

/** The code action that pins all verified images of a file, for `editor.codeActionsOnSave`. */
export const pinAllActionKind = 'source.fixAll.countersign.pin';

/** The `source` of every diagnostic. */
export const diagnosticSource = 'countersign';

/** The language whose documents are read. */
export const dockerfileLanguage = 'dockerfile';

/** The language of PEM files with cosign keys: colours only. */
export const keyLanguage = 'cosign-key';
