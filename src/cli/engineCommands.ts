// Every command that needs the engine, by its name: loaded when the first of them is called.
import { signBlob, verifyBlob } from './blobCommands.ts';
import type { CommandName } from './commandTable.ts';
import { copyImage } from './copyImage.ts';
import { verifyDockerfiles } from './dockerfileVerify.ts';
import type { ExitCode } from './exitCodes.ts';
import { imageTree } from './imageTree.ts';
import { generateKeyPair, importKeyPair, printPublicKey } from './keyCommands.ts';
import type { Call } from './machine.ts';
import { signImages } from './signImages.ts';
import { triangulateImage } from './triangulateImage.ts';
import { verifyImages } from './verifyImages.ts';

export type EngineCommand = Exclude<CommandName, 'dockerfile images'>;

export const engineCommands: Readonly<Record<EngineCommand, (call: Call, signal: AbortSignal) => Promise<ExitCode>>> = {
  verify: verifyImages,
  'dockerfile verify': verifyDockerfiles,
  sign: signImages,
  'sign-blob': signBlob,
  'verify-blob': verifyBlob,
  'generate-key-pair': generateKeyPair,
  'import-key-pair': importKeyPair,
  'public-key': printPublicKey,
  copy: copyImage,
  tree: imageTree,
  triangulate: triangulateImage,
};
