// `dockerfile verify`: the verdicts that the editor gives while one types, for files named on the command line.
import type { DockerfileImages, ImageUse } from '../core/dockerfile/images.ts';
import type { Engine, VerifyQuery } from '../core/engine.ts';
import { CosignError, toCosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { Reference } from '../core/oci/reference.ts';
import type { TrustSettings } from '../core/policy/trustPolicy.ts';
import { plainText } from '../presentation/untrustedText.ts';
import { dockerfileOptions, readText } from './dockerfileInput.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { failureLine, verboseCauses } from './failureLine.ts';
import { fileText } from './findingText.ts';
import type { VerifiedFile, VerifiedUse } from './findings.ts';
import { UsageError } from './flags.ts';
import { errorRecord } from './imageLine.ts';
import { tell, type Call } from './machine.ts';
import { readPolicyFlag, trustByPolicy } from './policyFlag.ts';
import { signatureRepository } from './repositoryVariable.ts';
import { sarifLog } from './sarif.ts';
import { givesLogin, withEngine } from './session.ts';
import { checkKeys, trustByKeys } from './trustFlags.ts';
import { verdictRecord } from './verdictRecord.ts';
import { exitCodeOf, worst, type Outcome } from './verdictExit.ts';
import { verifyAll } from './verifyAll.ts';

interface ReadFile {
  readonly file: string;
  readonly images: DockerfileImages;
  readonly uses: readonly ImageUse[];
}

/** Every image of every file is looked at; the worst decides the exit code. A file that cannot be read is a failure beside the others. */
export async function verifyDockerfiles(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { machine } = call;
  const readTrust = await trustReader(call, signal);
  const { files, unread } = await readAll(call, signal);
  const references = files.flatMap(({ uses }) => uses).flatMap(({ reference }) => (reference ? [reference] : []));
  const place = signatureRepository(machine);
  if (givesLogin(call)) refuseManyRegistries(references);
  const outcomes = await withEngine(call, { references: place ? [...references, place] : references }, signal, async (engine, limited) => {
    const trust = await readTrust(engine, limited);
    return outcomesOf(call, engine, { files, trust, place }, signal, limited);
  });
  const verified = files.map(({ file, images, uses }): VerifiedFile => ({
    file, problem: images.problem, uses: uses.map((use): VerifiedUse => ({ use, outcome: outcomes.get(use) ?? unresolved(use) })),
  }));
  report(call, verified, unread);
  const demanding = call.flags.on('require-policy');
  const codes = verified.flatMap(({ problem, uses }) => [...(problem ? [exitCodes.failure] : []), ...uses.map(({ outcome }) => (demanding && outcome.kind === 'uncovered' ? exitCodes.unchecked : exitCodeOf(outcome)))]);
  return worst(unread ? [...codes, exitCodes.failure] : codes);
}

/** What is wrong with the flags is said before anything is asked. */
async function trustReader(call: Call, signal: AbortSignal): Promise<(engine: Engine, signal: AbortSignal) => Promise<TrustSettings>> {
  const policy = await readPolicyFlag(call, signal);
  if (policy) return (engine) => trustByPolicy(policy, engine);
  const trust = trustByKeys(call);
  return async (engine, limited) => {
    await checkKeys(engine, trust, limited);
    return trust;
  };
}

async function readAll(call: Call, signal: AbortSignal): Promise<{ readonly files: readonly ReadFile[]; readonly unread: boolean }> {
  const options = dockerfileOptions(call.flags, call.machine);
  const files: ReadFile[] = [];
  for (const file of call.operands) {
    try {
      const text = await readText(call, file, signal);
      const images = call.readDockerfile(text, options);
      files.push({ file, images, uses: call.flags.on('base-image-only') ? baseOnly(images) : images.uses });
    } catch (error) {
      signal.throwIfAborted();
      call.machine.stderr.write(failureLine(toCosignError(error)));
    }
  }
  return { files, unread: files.length < call.operands.length };
}

const baseOnly = ({ finalBase }: DockerfileImages): readonly ImageUse[] => (finalBase ? [finalBase] : []);

interface Question {
  readonly files: readonly ReadFile[];
  readonly trust: TrustSettings;
  readonly place: VerifyQuery['signatureRepository'];
}

async function outcomesOf(call: Call, engine: Engine, { files, trust, place }: Question, stop: AbortSignal, signal: AbortSignal): Promise<ReadonlyMap<ImageUse, Outcome>> {
  const checkClaims = call.flags.on('check-claims', true);
  const asked = files.flatMap(({ uses }) => uses).flatMap((use) => (use.reference ? [{ use, query: {
    reference: use.reference, trust, fresh: false,
    ...(use.platform === undefined ? {} : { platform: use.platform }), ...(place ? { signatureRepository: place } : {}), ...(checkClaims ? {} : { checkClaims }),
  } }] : []));
  const verdicts = await verifyAll(call, engine, asked.map(({ query }) => query), stop, signal);
  return new Map(asked.flatMap(({ use }, index) => {
    const verdict = verdicts[index];
    return verdict ? [[use, verdict] as const] : [];
  }));
}

function report(call: Call, files: readonly VerifiedFile[], unread: boolean): void {
  const { machine: { stdout, version }, flags } = call;
  const uses = files.flatMap((file) => file.uses);
  const output = flags.text('output');
  if (output === 'text') stdout.write(files.map(fileText).join(''));
  else if (output === 'sarif') {
    const complete = !unread && uses.every(({ outcome }) => outcome.kind !== 'unchecked' && outcome.kind !== 'unresolved');
    stdout.write(`${JSON.stringify(sarifLog(files, version, complete), null, 2)}\n`);
  } else for (const { file, problem, uses: found } of files) stdout.write(`${JSON.stringify({ file, error: errorRecord(problem), refs: found.map(({ use, outcome }) => verdictRecord(use, outcome)) })}\n`);
  const count = (kind: Outcome['kind']): string => `${uses.filter(({ outcome }) => outcome.kind === kind).length} ${kind === 'unchecked' ? 'could not be checked' : kind === 'uncovered' ? 'not covered by any policy' : kind}`;
  const kinds = [...new Set(uses.map(({ outcome }) => outcome.kind))];
  for (const { outcome, use } of uses) if (outcome.kind === 'unchecked') tellCauses(call, use.text, outcome.reason);
  tell(call, uses.length === 0 ? 'There is no image to verify.' : `Images: ${kinds.map(count).join(', ')}. No transparency log was consulted.`);
}

function tellCauses({ machine, flags }: Call, name: string, reason: CosignError): void {
  const causes = verboseCauses(flags, reason);
  if (causes !== '') machine.stderr.write(`${plainText(name)}: ${reason.code}\n${causes}`);
}

/** A Dockerfile says where its images come from; a login must not follow wherever it points. */
function refuseManyRegistries(references: readonly Reference[]): void {
  const registries = [...new Set(references.map(({ registry }) => registry))];
  if (registries.length > 1) throw new UsageError(`a login on the command line is for one registry, and these images are in ${registries.length}: log in with "docker login" instead.`);
}

function unresolved(use: ImageUse): Outcome {
  return { kind: 'unresolved', error: use.unresolved ?? new CosignError('REFERENCE_INVALID', said`No image reference results.`) };
}
