// Every command with its words and flags: what is parsed by, and what the help prints. The names are cosign's.
import type { Flag } from './flags.ts';

export interface Command {
  readonly name: string;
  /** As in the help; none when there are none. */
  readonly operands: string;
  readonly minimum: number;
  /** Undefined: as many as are given. */
  readonly maximum?: number;
  readonly summary: string;
  /** Further paragraphs of the help. */
  readonly details?: string;
  readonly flags: readonly Flag[];
}

const general: readonly Flag[] = [
  { name: 'verbose', short: 'd', summary: 'say more on standard error' },
  { name: 'quiet', short: 'q', ownOnly: true, summary: 'say nothing on standard error but errors' },
  { name: 'help', short: 'h', ownOnly: true, summary: 'this help' },
];

const timeout: Flag = { name: 'timeout', short: 't', value: 'DURATION', otherwise: '3m; for copy none', summary: 'give up after this time; 0 for never' };

const network: readonly Flag[] = [
  { name: 'allow-http-registry', summary: 'speak plain http with registries that have no https' },
  { name: 'allow-insecure-registry', summary: 'accept any certificate' },
  { name: 'registry-username', value: 'NAME', instead: ['registry-token'], summary: 'instead of the login of docker or podman; also COSIGN_REGISTRY_USERNAME' },
  { name: 'registry-password', value: 'PASSWORD', instead: ['registry-token'], summary: 'the same; rather set COSIGN_REGISTRY_PASSWORD, which others cannot see' },
  { name: 'registry-token', value: 'TOKEN', instead: ['registry-username', 'registry-password'], summary: 'a bearer token; also COSIGN_REGISTRY_TOKEN' },
  { name: 'registry-cacert', value: 'FILE', summary: 'PEM file with further certificate authorities' },
  { name: 'registry-client-cert', value: 'FILE', summary: 'PEM file with a client certificate, for registries that ask for one' },
  { name: 'registry-client-key', value: 'FILE', summary: 'PEM file with its private key, without a password' },
  { name: 'registry-server-name', value: 'NAME', summary: 'what the certificate of the registry must be for, instead of its host' },
  { name: 'ignore-system-config', ownOnly: true, summary: 'use nothing that docker and podman were told about registries (certs.d, daemon.json, registries.conf)' },
  timeout,
  ...general,
];

/** So that command lines written for cosign go on working; that no log is used is not a choice here. */
const noLog: readonly Flag[] = [
  { name: 'insecure-ignore-tlog', summary: 'for command lines of cosign: no transparency log is consulted anyway' },
  { name: 'new-bundle-format', summary: 'for command lines of cosign: both formats are always read' },
];

const buildArguments: readonly Flag[] = [
  { name: 'build-arg', value: 'NAME=VALUE', many: true, ownOnly: true, summary: 'a build argument; NAME alone takes its value from the environment' },
  { name: 'platform', value: 'OS/ARCH', ownOnly: true, summary: 'the platform that is built for, as for docker build' },
];

const publicKeys: Flag = { name: 'key', value: 'REF', many: true, summary: 'public key: a PEM file, env://NAME, https://… or k8s://namespace/name; any one of several suffices' };
const privateKey: Flag = { name: 'key', value: 'REF', summary: 'private key: a file, env://NAME or k8s://namespace/name' };
const annotations: Flag = { name: 'annotations', short: 'a', value: 'NAME=VALUE', many: true, summary: '' };
const claims: Flag = { name: 'check-claims', otherwise: 'true', summary: 'whether digest and annotations must be those that were signed' };
const prefix = (otherwise: string): Flag => ({ name: 'output-key-prefix', short: 'o', value: 'PREFIX', otherwise, summary: 'the files are PREFIX.key and PREFIX.pub' });
const yes = (summary: string): Flag => ({ name: 'yes', short: 'y', summary });
/** Where cosign has none and asks all the same. */
const ownYes = (summary: string): Flag => ({ ...yes(summary), ownOnly: true });

const passwordWords = 'The password is COSIGN_PASSWORD (set but empty is an empty password), else asked for on a terminal, else all of standard input.';
const exitWords = 'Exit codes: 0 verified, 10 no signature, 11 no such image, 12 no matching signature, 20 could not check, 1 anything else.\nOf several images the worst decides: 12, 10, 11, 1, 20.';

export const commands = {
  verify: {
    name: 'verify', operands: 'IMAGE…', minimum: 1,
    summary: 'verify who signed images',
    details: `Looks at signatures in both of cosign's formats. COSIGN_REPOSITORY says where they lie, when not beside the image.\n${exitWords}`,
    flags: [
      publicKeys, { ...annotations, summary: 'must be in the signed payload' }, claims,
      { name: 'output', short: 'o', value: 'FORMAT', choices: ['json', 'text'], otherwise: 'json', summary: 'json or text' },
      ...noLog, ...network,
    ],
  },
  'dockerfile verify': {
    name: 'dockerfile verify', operands: 'FILE…', minimum: 1,
    summary: 'verify who signed the images that a Dockerfile pulls',
    details: `FILE may be - for standard input. With --output json there is one line for each file; --output text is for people and for the problem matcher $countersign.\n${exitWords}`,
    flags: [
      { ...publicKeys, instead: ['policy'] }, { ...annotations, instead: ['policy'], summary: 'must be in the signed payload' }, claims,
      { name: 'policy', value: 'FILE', ownOnly: true, summary: 'instead of --key: which images must be signed by which keys' },
      { name: 'require-policy', ownOnly: true, summary: 'an image that no policy covers makes the command fail with 20' },
      ...buildArguments,
      { name: 'base-image-only', summary: 'only the image that the last stage is built on' },
      { name: 'output', short: 'o', value: 'FORMAT', choices: ['json', 'text', 'sarif'], otherwise: 'json', summary: 'json, text or sarif' },
      ...noLog, ...network,
    ],
  },
  'dockerfile images': {
    name: 'dockerfile images', operands: 'FILE…', minimum: 1,
    summary: 'list the images that a build of all stages would pull; asks no registry',
    details: 'FILE may be - for standard input. With --output json there is one line for each file.\nExit code 0 also for a Dockerfile that a build would refuse (its "error" says why); 1 when a file cannot be read.',
    flags: [
      ...buildArguments,
      { name: 'output', short: 'o', value: 'FORMAT', choices: ['text', 'json'], otherwise: 'text', ownOnly: true, summary: 'text or json' },
      ...general,
    ],
  },
  sign: {
    name: 'sign', operands: 'IMAGE…', minimum: 1,
    summary: 'sign images in their registry',
    details: `Nothing is uploaded to a transparency log. COSIGN_REPOSITORY says where signatures go, when not beside the image; COSIGN_DOCKER_MEDIA_TYPES=1 is for registries that refuse OCI media types.\n${passwordWords}`,
    flags: [
      privateKey, { ...annotations, summary: 'to be signed with the digest' },
      { name: 'recursive', short: 'r', summary: 'also every image that an index lists' },
      { name: 'format', value: 'FORMAT', choices: ['both', 'legacy', 'bundle'], otherwise: 'both', ownOnly: true, summary: 'which of cosign\'s formats to write' },
      yes('nothing is asked anyway'),
      { name: 'tlog-upload', summary: 'for command lines of cosign: only false is accepted' },
      { name: 'use-signing-config', summary: 'for command lines of cosign: only false is accepted' },
      { name: 'new-bundle-format', instead: ['format'], summary: 'for command lines of cosign: true is --format bundle, false is --format legacy' },
      ...network,
    ],
  },
  'sign-blob': {
    name: 'sign-blob', operands: 'FILE', minimum: 1, maximum: 1,
    summary: 'sign a file',
    details: `FILE may be - for standard input. The signature goes to standard output when neither --output-signature nor --bundle is given. Nothing is uploaded to a transparency log.\n${passwordWords}`,
    flags: [
      privateKey,
      { name: 'output-signature', value: 'FILE', summary: 'where the base64 signature goes' },
      { name: 'bundle', value: 'FILE', summary: 'where a Sigstore bundle goes' },
      yes('nothing is asked anyway'),
      { name: 'tlog-upload', summary: 'for command lines of cosign: only false is accepted' },
      { name: 'use-signing-config', summary: 'for command lines of cosign: only false is accepted' },
      { name: 'new-bundle-format', summary: 'for command lines of cosign: bundles are always new ones' },
      timeout, ...general,
    ],
  },
  'verify-blob': {
    name: 'verify-blob', operands: 'FILE|sha256:HEX', minimum: 1, maximum: 1,
    summary: 'verify who signed a file',
    details: 'FILE may be - for standard input, or a digest in place of the file. Exit codes: 0 verified, 1 not verified, 20 could not check.',
    flags: [
      publicKeys,
      { name: 'signature', value: 'FILE', summary: 'base64 signature: a file, or the text itself' },
      { name: 'bundle', value: 'FILE', summary: 'Sigstore bundle, or the older bundle of cosign' },
      ...noLog, timeout, ...general,
    ],
  },
  'generate-key-pair': {
    name: 'generate-key-pair', operands: '[k8s://NAMESPACE/NAME]', minimum: 0, maximum: 1,
    summary: 'make a key pair that cosign reads too',
    details: `With k8s://namespace/name the pair and a password go to that Kubernetes secret, and cosign.pub to this folder.\n${passwordWords}`,
    flags: [prefix('cosign'), ownYes('overwrite key files and secrets that exist'), timeout, ...general],
  },
  'import-key-pair': {
    name: 'import-key-pair', operands: '', minimum: 0, maximum: 0,
    summary: 'encrypt an existing private key (PEM) for signing',
    details: passwordWords,
    flags: [{ name: 'key', short: 'k', value: 'FILE', summary: 'unencrypted RSA, EC or Ed25519 key in PEM form' }, prefix('import-cosign'), yes('overwrite key files that exist'), timeout, ...general],
  },
  'public-key': {
    name: 'public-key', operands: '', minimum: 0, maximum: 0,
    summary: 'print the public key of a private key',
    details: passwordWords,
    flags: [privateKey, { name: 'outfile', value: 'FILE', summary: 'write it to a file instead' }, ownYes('overwrite a file that exists'), timeout, ...general],
  },
  copy: {
    name: 'copy', operands: 'SOURCE DESTINATION', minimum: 2, maximum: 2,
    summary: 'copy an image with everything that proves it',
    details: 'Several --platform copy those images by digest and write no tag. With --key the copy is verified like its source. Signatures in COSIGN_REPOSITORY are copied to where the image goes.',
    flags: [
      { name: 'dry-run', ownOnly: true, summary: 'print what would be done, and do nothing' },
      { name: 'platform', value: 'OS/ARCH', many: true, summary: 'only the image for this platform of an index' },
      { name: 'only', value: 'KINDS', many: true, summary: 'of what hangs on the image only these: sig, att, sbom, referrers (all others)' },
      { name: 'foreign-layers', ownOnly: true, summary: 'also layers that say where else they are (Windows base layers), where the source has them' },
      { name: 'force', short: 'f', summary: 'overwrite the tag of another image' },
      { ...publicKeys, ownOnly: true }, ...network,
    ],
  },
  tree: {
    name: 'tree', operands: 'IMAGE', minimum: 1, maximum: 1,
    summary: 'list what hangs on an image: signatures, attestations, SBOMs, referrers',
    flags: network,
  },
  triangulate: {
    name: 'triangulate', operands: 'IMAGE', minimum: 1, maximum: 1,
    summary: 'print where cosign keeps the signatures of an image',
    flags: [{ name: 'type', value: 'TYPE', choices: ['signature', 'attestation', 'sbom', 'digest'], otherwise: 'signature', summary: 'of what' }, ...network],
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;
export type NamedCommand = Command & { readonly name: CommandName };

export const commandList: readonly NamedCommand[] = Object.values(commands);
