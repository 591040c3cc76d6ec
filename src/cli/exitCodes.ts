// What the command line ends with: cosign's exit codes, and one of its own for "could not check".

/** `cosign.md` §2.6 (cosign `doc/cosign_exit_codes.md`); documented in docs/command-line.md and never changed. */
export const exitCodes = {
  success: 0,
  /** Anything that is none of the others: a wrong flag, a file that cannot be read, a key that cannot be unlocked. */
  failure: 1,
  /** No signature was found. */
  unsigned: 10,
  /** The registry has no such image. */
  imageNotFound: 11,
  /** There are signatures, and none is good by one of the keys. */
  untrusted: 12,
  /** Could not find out. Never to be read as unsigned. */
  unchecked: 20,
  /** Ctrl-C: nothing is known. */
  interrupted: 130,
  /** The reader of the output went away. */
  brokenPipe: 141,
  /** SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
