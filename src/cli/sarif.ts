// Findings as SARIF 2.1.0, for code scanning (OASIS Standard, 27 March 2020).
import type { PolicySeverity } from '../core/policy/verdict.ts';
import type { DiagnosticCode } from '../presentation/documentation.ts';
import { findingsOf, type Finding, type VerifiedFile } from './findings.ts';

const rules: Readonly<Record<Exclude<DiagnosticCode, 'missing-argument' | 'pin-drift' | `file-${string}`>, string>> = {
  unsigned: 'The image has no signature.',
  untrusted: 'The image has signatures, and none of them is what was asked for.',
  unchecked: 'Whether the image is signed could not be found out.',
  unresolved: 'No valid image reference results.',
  'dockerfile-invalid': 'A build would refuse the Dockerfile.',
};

/** @param complete false: a file could not be read, or something could not be checked */
export function sarifLog(files: readonly VerifiedFile[], version: string, complete: boolean): object {
  const ids = Object.keys(rules);
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: {
        driver: {
          name: 'Countersign', version, semanticVersion: version,
          rules: Object.entries(rules).map(([id, text]) => ({ id, shortDescription: { text }, defaultConfiguration: { level: 'error' } })),
        },
      },
      columnKind: 'utf16CodeUnits',
      invocations: [{ executionSuccessful: complete }],
      artifacts: files.map(({ file }) => ({ location: { uri: uriOf(file) } })),
      results: files.flatMap((verified, index) => findingsOf(verified).map((finding) => ({
        ruleId: finding.code,
        ruleIndex: ids.indexOf(finding.code),
        level: levelOf(finding.severity),
        message: { text: finding.message },
        locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(verified.file), index }, region: regionOf(finding) } }],
      }))),
    }],
  };
}

/** From 1; the end column is the one behind the last character (§3.30.8). */
function regionOf({ range: { start, end } }: Finding): object {
  return { startLine: start.line + 1, startColumn: start.character + 1, endLine: end.line + 1, endColumn: end.character + 1 };
}

function levelOf(severity: PolicySeverity): 'error' | 'warning' | 'note' {
  switch (severity) {
    case 'error': case 'warning': return severity;
    case 'information': case 'hint': return 'note';
  }
}

/** Relative as it was named, so that code scanning finds the file; absolute ones, those of Windows too, as file URIs. What a URI does not allow is escaped. */
function uriOf(file: string): string {
  if (file === '-' || file === '/dev/stdin') return 'stdin';
  const path = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  const drive = /^([A-Za-z])%3A(\/.*)$/.exec(path);
  if (drive) return `file:///${drive[1] ?? ''}:${drive[2] ?? ''}`;
  return file.startsWith('/') ? `file://${path}` : path.replace(/^(?:\.\/)+/, '');
}
