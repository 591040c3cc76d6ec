// Which page explains a code.
import type { ErrorCode } from '../core/errors.ts';

/** Codes of the diagnostics; stable, one page each in `docs/codes`. */
export const diagnosticCodes = ['unsigned', 'untrusted', 'unchecked', 'unresolved', 'missing-argument', 'dockerfile-invalid', 'pin-drift', 'file-untrusted', 'file-unchecked', 'file-stale'] as const;

export type DiagnosticCode = (typeof diagnosticCodes)[number];

/** Put in by the build, from `repository` in package.json. */
declare const publishedRepository: string | undefined;

/**
 * Where the source is published, without a slash at the end. Empty until package.json says it: then links lead to the pages inside the
 * extension, never to an address that somebody else could own.
 */
export const repositoryUrl: string = typeof publishedRepository === 'string' ? publishedRepository : '';

/** The page inside the extension and the repository: `docs/codes/unsigned.md`. */
export function documentationPath(code: DiagnosticCode | ErrorCode): string {
  return `docs/codes/${code}.md`;
}

/** The page on the web; undefined where nothing is published (never an empty link). */
export function documentationUrl(code: DiagnosticCode | ErrorCode, repository = repositoryUrl): string | undefined {
  return repository === '' ? undefined : `${repository}/blob/main/${documentationPath(code)}`;
}

/** One page for all that can be wrong in a policy file, with a heading for each kind. */
export const policyProblemsPath = 'docs/policy-problems.md';
