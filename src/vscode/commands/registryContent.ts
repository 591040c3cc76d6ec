// Commands of the trust tree: a manifest or a payload of a registry as a document to read, and looking at everything anew.
import { isDigest, type Digest } from '../../core/crypto/digest.ts';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import type { RepositoryName } from '../../core/oci/exchange.ts';
import { canonicalRepository, parseReference } from '../../core/oci/reference.ts';
import { shortDigest } from '../../presentation/digestText.ts';
import { isRecord } from '../places.ts';
import { t } from '../words.ts';
import type { Command } from './context.ts';
import { runWithProgress } from './runWithProgress.ts';

export const openManifest: Command = async (context, argument) => {
  const { repository, digest } = parseContent(argument);
  const { contents } = await context.engine.get();
  const { text } = await runWithProgress(t('Reading {0}', shortDigest(digest)), (signal) => contents.manifest(repository, digest, signal));
  await context.registryDocuments.show(nameOf(repository, digest, 'manifest'), text ?? binary(digest), { aside: false, language: 'json' });
};

export const openPayload: Command = async (context, argument) => {
  const { repository, digest, layer } = parseContent(argument);
  const { contents } = await context.engine.get();
  const { text } = await runWithProgress(t('Reading {0}', shortDigest(layer ?? digest)), async (signal) => {
    const chosen = layer ?? (await contents.read(repository, digest, signal)).blobs.at(-1)?.digest;
    if (chosen === undefined) throw new CosignError('MANIFEST_INVALID', said`The manifest ${shortDigest(digest)} has no payload.`, { remedy: said`Open the manifest instead: it says what there is.` });
    return contents.payload(repository, digest, chosen, signal);
  });
  await context.registryDocuments.show(nameOf(repository, layer ?? digest, 'payload'), text ?? binary(layer ?? digest), { aside: false, language: 'json' });
};

export const refreshTree: Command = async ({ tree, tracker }) => {
  tree.refresh();
  await tracker.imagesChanged();
};

/** Rows of the tree come as arguments, and arguments may come from anybody. */
function parseContent(argument: unknown): { repository: RepositoryName; digest: Digest; layer?: Digest } {
  const { repository, digest, layer } = isRecord(argument) ? argument : {};
  const { registry, repository: name } = isRecord(repository) ? repository : {};
  if (typeof registry !== 'string' || typeof name !== 'string' || typeof digest !== 'string' || !isDigest(digest)) {
    throw new CosignError('DIGEST_INVALID', said`This stands for nothing that a registry stores.`, { remedy: said`Choose a row of the view Image Trust that has a digest.` });
  }
  const parsed = parseReference(`${canonicalRepository({ registry, repository: name })}@${digest}`);
  return { repository: { registry: parsed.registry, repository: parsed.repository }, digest, ...(typeof layer === 'string' && isDigest(layer) ? { layer } : {}) };
}

function nameOf(repository: RepositoryName, digest: Digest, what: 'manifest' | 'payload'): string {
  return `${canonicalRepository(repository).replace(/:/g, '_')}/${shortDigest(digest).replace(':', '-').replace('…', '')}.${what}.json`;
}

const binary = (digest: Digest): string => t('{0} is no text and is not shown.', digest);
