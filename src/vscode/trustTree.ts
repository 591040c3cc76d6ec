// The rows of the trust tree: file → image → policies, signatures and what the registry holds. A chunk of its own, loaded when the view is first seen.
import * as vscode from 'vscode';
import type { AttachedProof, ContainedManifest, ManifestContents } from '../core/contentsEngine.ts';
import { toCosignError, type CosignError } from '../core/errors.ts';
import type { RepositoryName } from '../core/oci/exchange.ts';
import type { Descriptor } from '../core/oci/manifest.ts';
import { canonicalRepository, type Reference } from '../core/oci/reference.ts';
import { parseSignatureRepository } from '../core/oci/signatureRepository.ts';
import type { PolicyOutcome, RuleOutcome, SignatureReport, SignerOutcome } from '../core/policy/verdict.ts';
import type { TextRange } from '../core/textRange.ts';
import { hoverMarkdown } from '../presentation/hover.ts';
import { failureRow, fileRow, imageRow, layerRow, manifestRow, noteRow, policyRow, proofRow, ruleRow, signatureRow, signerRow, type RowTone, type TreeRow } from '../presentation/trustTreeText.ts';
import type { UseWithState } from '../presentation/useState.ts';
import type { EngineHandle } from './engineHandle.ts';
import type { FileTrust } from './fileTrust.ts';
import { toRange } from './places.ts';
import { t } from './words.ts';

/** `id` is the row's place: what is unfolded stays so while verdicts come. */
export type TrustNode = { readonly id: string } & (
  | { readonly kind: 'file'; readonly trust: FileTrust }
  /** With `uri` and `range` it is a place that commands take. */
  | { readonly kind: 'image'; readonly uri: string; readonly range: TextRange; readonly item: UseWithState; readonly digest?: string }
  | { readonly kind: 'policy'; readonly outcome: PolicyOutcome }
  | { readonly kind: 'rule'; readonly outcome: RuleOutcome }
  | { readonly kind: 'signer'; readonly signer: SignerOutcome }
  | { readonly kind: 'signature'; readonly repository: RepositoryName; readonly report: SignatureReport; readonly digest: string; readonly layer: string }
  | { readonly kind: 'manifest'; readonly repository: RepositoryName; readonly reference: Reference | undefined; readonly manifest: Partial<ContainedManifest>; readonly digest?: string }
  | { readonly kind: 'proof'; readonly repository: RepositoryName; readonly proof: AttachedProof; readonly digest: string }
  | { readonly kind: 'layer'; readonly repository: RepositoryName; readonly descriptor: Descriptor; readonly digest: string; readonly layer: string }
  | { readonly kind: 'failure'; readonly error: CosignError }
  | { readonly kind: 'note'; readonly text: string });

type NodeOf<K extends TrustNode['kind']> = Extract<TrustNode, { readonly kind: K }>;

export interface TrustTreeOptions {
  readonly engine: EngineHandle;
  /** Open files first known, then those of the last look at the workspace; each file once. */
  readonly files: () => readonly FileTrust[];
}

export class TrustTree {
  readonly #options: TrustTreeOptions;
  readonly #contents = new Map<string, Promise<ManifestContents>>();
  #run = new AbortController();

  constructor(options: TrustTreeOptions) {
    this.#options = options;
  }

  async children(node: TrustNode | undefined): Promise<readonly TrustNode[]> {
    if (!node) return this.#files();
    switch (node.kind) {
      case 'file': return imagesOf(node);
      case 'image': return evidenceOf(node);
      case 'manifest': return this.#inside(node);
      case 'proof': return node.proof.layers.map((descriptor) => ({ id: `${node.id}/${descriptor.digest}`, kind: 'layer', repository: node.repository, descriptor, digest: node.digest, layer: descriptor.digest }));
      case 'policy': case 'rule': return partsOf(node);
      case 'signer': case 'signature': case 'layer': case 'failure': case 'note': return [];
    }
  }

  item(node: TrustNode): vscode.TreeItem {
    const row = rowOf(node);
    const item = new vscode.TreeItem(row.label, foldsOf(node));
    item.id = node.id;
    if (row.description !== undefined) item.description = row.description;
    item.iconPath = new vscode.ThemeIcon(row.icon, colourOf(row.tone));
    item.tooltip = new vscode.MarkdownString(row.tooltip, true);
    item.accessibilityInformation = { label: row.accessibilityLabel };
    item.contextValue = contextOf(node);
    if (node.kind === 'image') item.command = { command: 'vscode.open', title: t('Go to the Image'), arguments: [vscode.Uri.parse(node.uri), { selection: toRange(node.range) }] };
    if (node.kind === 'file') item.resourceUri = node.trust.uri;
    return item;
  }

  /** Forgets what registries said. */
  refresh(): void {
    this.#run.abort(new vscode.CancellationError());
    this.#run = new AbortController();
    this.#contents.clear();
  }

  #files(): readonly TrustNode[] {
    return this.#options.files().map((trust): TrustNode => ({ id: trust.uri.toString(), kind: 'file', trust }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #inside(node: NodeOf<'manifest'>): Promise<readonly TrustNode[]> {
    try {
      const contents = await this.#read(node);
      const { repository } = node;
      const failures = contents.incomplete.map((error, index): TrustNode => ({ id: `${node.id}/failure${index}`, kind: 'failure', error }));
      const rows: readonly TrustNode[] = [
        ...contents.manifests.map((manifest, index): TrustNode => ({ id: `${node.id}/${index}-${manifest.digest}`, kind: 'manifest', repository, reference: undefined, manifest, digest: manifest.digest })),
        ...contents.proofs.map((proof, index): TrustNode => ({ id: `${node.id}/proof${index}-${proof.digest}`, kind: 'proof', repository, proof, digest: proof.digest })),
        ...(contents.notRead > 0 ? [{ id: `${node.id}/rest`, kind: 'note', text: t('and {0} more referrers, which are not read', contents.notRead) } as const] : []),
        ...failures,
      ];
      if (rows.length > 0) return rows;
      return [{ id: `${node.id}/nothing`, kind: 'note', text: t('No signature, attestation, SBOM or other referrer hangs on it.') }];
    } catch (error) {
      if (this.#run.signal.aborted) return [];
      return [{ id: `${node.id}/failure`, kind: 'failure', error: toCosignError(error) }];
    }
  }

  async #read({ repository, reference, manifest }: NodeOf<'manifest'>): Promise<ManifestContents> {
    const { signal } = this.#run;
    const { contents } = await this.#options.engine.get();
    const digest = manifest.digest ?? (reference && await contents.resolve(reference, signal));
    if (digest === undefined) throw new Error('a manifest without digest and reference');
    const key = `${canonicalRepository(repository)}@${digest}`;
    const known = this.#contents.get(key);
    if (known) return known;
    const loading = contents.read(repository, digest, signal);
    this.#contents.set(key, loading);
    // What failed, or could not be read whole, is asked again next time.
    void loading.then(({ incomplete }) => {
      if (incomplete.length > 0) this.#contents.delete(key);
    }, () => this.#contents.delete(key));
    return loading;
  }
}

function imagesOf({ id, trust }: NodeOf<'file'>): readonly TrustNode[] {
  if (trust.failure) return [{ id: `${id}#failure`, kind: 'failure', error: trust.failure }];
  if (trust.uses.length === 0) return [{ id: `${id}#none`, kind: 'note', text: t('No images in this file') }];
  return trust.uses.map((item, index): TrustNode => {
    const digest = 'digest' in item.state ? item.state.digest : item.use.reference?.digest;
    return { id: `${id}#${index}`, kind: 'image', uri: trust.uri.toString(), range: item.use.range, item, ...(digest === undefined ? {} : { digest }) };
  });
}

function evidenceOf({ id, item: { use, state } }: NodeOf<'image'>): readonly TrustNode[] {
  const { reference } = use;
  const evidence = state.kind === 'unchecked' ? state.evidence : 'signatures' in state ? state : undefined;
  const failure = state.kind === 'unchecked' ? [state.reason] : state.kind === 'unresolved' ? [state.error] : [];
  if (!reference) return failure.map((error, index): TrustNode => ({ id: `${id}/failure${index}`, kind: 'failure', error }));
  const repository: RepositoryName = { registry: reference.registry, repository: reference.repository };
  const digest = evidence?.digest ?? (state.kind === 'unchecked' ? state.digest : undefined) ?? reference.digest;
  return [
    ...failure.map((error, index): TrustNode => ({ id: `${id}/failure${index}`, kind: 'failure', error })),
    ...(evidence?.policies ?? []).map((outcome, index): TrustNode => ({ id: `${id}/policy${index}`, kind: 'policy', outcome })),
    ...(evidence?.signatures ?? []).map((report, index): TrustNode => ({ id: `${id}/signature${index}`, kind: 'signature', repository: report.repository === undefined ? repository : parseSignatureRepository(report.repository), report, digest: report.manifest, layer: report.blob })),
    { id: `${id}/manifest`, kind: 'manifest', repository, reference, manifest: digest === undefined ? {} : { digest }, ...(digest === undefined ? {} : { digest }) },
  ];
}

/** Alternatives, where a policy has some, else who must sign. */
function partsOf({ id, outcome: { parts = [], signers = [] } }: NodeOf<'policy'> | NodeOf<'rule'>): readonly TrustNode[] {
  if (parts.length > 0) return parts.map((outcome, index) => ({ id: `${id}/part${index}`, kind: 'rule', outcome }));
  return signers.map((signer, index) => ({ id: `${id}/signer${index}`, kind: 'signer', signer }));
}

function rowOf(node: TrustNode): TreeRow {
  switch (node.kind) {
    case 'file': {
      const name = node.trust.uri.path.split('/').at(-1) ?? '';
      const relative = vscode.workspace.asRelativePath(node.trust.uri);
      return fileRow(name, relative === name ? '' : relative.slice(0, -name.length - 1), node.trust.uses, node.trust.failure, t);
    }
    case 'image': return imageRow(node.item, hoverMarkdown(node.item, t), t);
    case 'policy': return policyRow(node.outcome, t);
    case 'rule': return ruleRow(node.outcome, t);
    case 'signer': return signerRow(node.signer, t);
    case 'signature': return signatureRow(node.report, t);
    case 'manifest': return manifestRow(node.manifest, t);
    case 'proof': return proofRow(node.proof, t);
    case 'layer': return layerRow(node.descriptor, t);
    case 'failure': return failureRow(node.error, t);
    case 'note': return noteRow(node.text);
  }
}

function foldsOf(node: TrustNode): vscode.TreeItemCollapsibleState {
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  switch (node.kind) {
    case 'file': return Expanded;
    case 'image': return node.item.use.reference || node.item.state.kind === 'unresolved' ? Collapsed : None;
    case 'manifest': return Collapsed;
    case 'proof': return node.proof.layers.length > 0 ? Collapsed : None;
    case 'policy': case 'rule': return partsOf(node).length > 0 ? Expanded : None;
    case 'signer': case 'signature': case 'layer': case 'failure': case 'note': return None;
  }
}

/** Words that the menus of package.json look for. */
function contextOf(node: TrustNode): string {
  const has = (word: string, when: boolean): readonly string[] => (when ? [word] : []);
  switch (node.kind) {
    case 'image': return ['image', ...has('place', node.item.use.reference !== undefined), ...has('digest', node.digest !== undefined)].join(' ');
    case 'manifest': return ['manifest', ...has('digest', node.digest !== undefined), ...has('stored', node.digest !== undefined)].join(' ');
    case 'signature': return 'signature digest stored payload';
    case 'proof': return ['proof digest stored', ...has('payload', node.proof.layers.length > 0)].join(' ');
    case 'layer': return 'layer payload';
    case 'file': case 'policy': case 'rule': case 'signer': case 'failure': case 'note': return node.kind;
  }
}

function colourOf(tone: RowTone): vscode.ThemeColor | undefined {
  switch (tone) {
    case 'good': return new vscode.ThemeColor('testing.iconPassed');
    case 'bad': return new vscode.ThemeColor('list.errorForeground');
    case 'warning': return new vscode.ThemeColor('list.warningForeground');
    case 'neutral': return undefined;
  }
}
