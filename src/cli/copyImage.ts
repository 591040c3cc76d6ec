// `copy`: an image with everything that proves it. Looks first, writes the tag last, and never takes a tag from another image unasked.
import { tagTaken, topsOf } from '../core/copy/chosen.ts';
import type { CopyPlan, CopyProgress, CopyResult, CopySelection, PlannedManifest, ProofKind } from '../core/copyEngine.ts';
import type { Engine } from '../core/engine.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import { choosePlatform } from '../core/oci/platform.ts';
import { canonicalName, parseReference } from '../core/oci/reference.ts';
import type { TrustSettings } from '../core/policy/trustPolicy.ts';
import { copyPlanDocument } from '../presentation/copyPlanText.ts';
import { copiedWords, copyOutcome, progressWords, unprovenWords } from '../presentation/copyResultText.ts';
import { english } from '../presentation/translate.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import type { FlagValues } from './flags.ts';
import { UsageError } from './flags.ts';
import { tell, type Call } from './machine.ts';
import { agreesToOverwrite } from './questions.ts';
import { signatureRepository } from './repositoryVariable.ts';
import { withEngine } from './session.ts';
import { checkKeys, trustByKeys } from './trustFlags.ts';

const kinds: Readonly<Record<string, ProofKind>> = { sig: 'signature', att: 'attestation', sbom: 'sbom', referrers: 'other' };

export async function copyImage(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { flags, machine, operands: [image = '', copy = ''] } = call;
  const [source, destination] = [parseReference(image), parseReference(copy)];
  const trust = flags.has('key') ? trustByKeys(call) : undefined;
  const proofs = kindsOf(flags);
  const place = signatureRepository(machine);
  return withEngine(call, { references: [source, destination, ...(place ? [{ ...place, tag: 'latest' }] : [])], timeoutMs: 0 }, signal, async (engine, limited) => {
    if (trust) await checkKeys(engine, trust, limited);
    const from = { foreignLayers: flags.on('foreign-layers'), ...(place ? { signatureRepository: place } : {}) };
    const plan = await engine.copying.plan({ ...from, source, destination }, limited);
    // As in cosign, one platform makes its image the destination; of several, each is copied by its digest.
    const tops = flags.all('platform').map((platform) => childFor(plan.root, platform).digest);
    const selection = { ...(tops.length === 0 ? {} : { tops }), ...(proofs === undefined ? {} : { kinds: proofs }) };
    if (!flags.on('dry-run')) return copyChosen(call, engine, { plan, selection }, trust, limited);
    machine.stdout.write(copyPlanDocument(plan, selection, engine.copying.totals(plan, selection), english));
    return exitCodes.success;
  });
}

async function copyChosen(call: Call, engine: Engine, { plan, selection }: { readonly plan: CopyPlan; readonly selection: CopySelection }, trust: TrustSettings | undefined, signal: AbortSignal): Promise<ExitCode> {
  const { machine: { stderr }, flags } = call;
  const taken = tagTaken(plan, selection);
  const name = canonicalName(plan.destination);
  const [{ digest }] = topsOf(plan, selection);
  if (taken && !await agreesToOverwrite(call, `image "${name}" (${taken.digest}; it would become ${digest})`, signal)) {
    throw new CosignError('TAG_EXISTS', said`The image "${name}" already exists and is another one (${taken.digest}; it would become ${digest}).`, { remedy: said`Use another tag, or overwrite it with --force.` });
  }
  const draws = stderr.isTerminal && !flags.on('quiet');
  const onProgress = (progress: CopyProgress): void => { if (draws) stderr.write(`\r\u001b[K${progressWords(progress, undefined, english)}`); };
  const options = { trust: trust ?? { keys: [], policies: [], problems: [] }, ...(taken ? { overwriteTag: taken.digest } : {}) };
  const result = await engine.copying.copy(plan, selection, options, onProgress, signal).finally(() => { if (draws) stderr.write('\r\u001b[K'); });
  for (const { digest, reason } of plan.omitted) tell(call, `Not copied: the referrer ${digest}: ${reason.message}`);
  call.machine.stdout.write(result.digests.map((digest) => `${canonicalName({ ...result.destination, digest })}\n`).join(''));
  return trust ? proven(call, result) : copied(call, result);
}

/** Without keys nothing is said about signatures but that they were copied. */
function copied(call: Call, result: CopyResult): ExitCode {
  const proofs = result.things.filter(({ what }) => what === 'proof tag' || what === 'referrer').length;
  tell(call, `${copiedWords(result, english)} With it ${proofs} tag${proofs === 1 ? '' : 's'} or referrers of signatures and the like; give --key to have them verified.`);
  return exitCodes.success;
}

function proven(call: Call, result: CopyResult): ExitCode {
  if (result.proof.holds) {
    tell(call, copyOutcome(result, english));
    return exitCodes.success;
  }
  call.machine.stderr.write(`Error: ${copiedWords(result, english)} ${unprovenWords(result.proof, english)}\n`);
  return result.proof.signatures.some(({ state }) => state === 'missing' || state === 'invalid') ? exitCodes.untrusted : exitCodes.unchecked;
}

/** @throws {CosignError} `PLATFORM_NOT_FOUND` */
function childFor(root: PlannedManifest, platform: string): PlannedManifest {
  if (root.kind !== 'index') throw new CosignError('PLATFORM_NOT_FOUND', said`The source is one image, not an index of several platforms.`, { remedy: said`Leave --platform out.` });
  const { digest } = choosePlatform(root.children.map((child) => ({ mediaType: child.mediaType, size: child.bytes.byteLength, digest: child.digest, ...platformOf(child) })), platform);
  const found = root.children.find((child) => child.digest === digest);
  if (!found) throw new CosignError('PLATFORM_NOT_FOUND', said`The index has no image for ${platform}.`);
  return found;
}

function platformOf({ platform }: PlannedManifest): { readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string } } {
  if (platform === undefined) return {};
  const [os = '', architecture = '', variant] = platform.split('/');
  return { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
}

/** @throws {UsageError} */
function kindsOf(flags: FlagValues): readonly ProofKind[] | undefined {
  if (!flags.has('only')) return undefined;
  return flags.all('only').flatMap((list) => list.split(',')).filter((word) => word !== '').map((word) => {
    const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
    if (kind === undefined) throw new UsageError(`--only takes ${Object.keys(kinds).join(', ')}, not "${word}".`);
    return kind;
  });
}
