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
  { name: 'quiet', short: 'q', summary: 'say nothing on standard error but errors' },
  { name: 'help', short: 'h', summary: 'this help' },
];

const buildArguments: readonly Flag[] = [
  { name: 'build-arg', value: 'NAME=VALUE', many: true, summary: 'a build argument; NAME alone takes its value from the environment' },
  { name: 'platform', value: 'OS/ARCH', summary: 'the platform that is built for, as for docker build' },
];

export const commands = {
  'dockerfile images': {
    name: 'dockerfile images', operands: 'FILE…', minimum: 1,
    summary: 'list the images that a build of all stages would pull; asks no registry',
    details: 'FILE may be - for standard input. With --output json there is one line for each file.\nExit code 0 also for a Dockerfile that a build would refuse (its "error" says why); 1 when a file cannot be read.',
    flags: [
      ...buildArguments,
      { name: 'output', short: 'o', value: 'FORMAT', choices: ['text', 'json'], otherwise: 'text', summary: 'text or json' },
      ...general,
    ],
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;

export const commandList: readonly Command[] = Object.values(commands);
