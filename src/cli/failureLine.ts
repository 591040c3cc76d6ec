// A failure as it stands on standard error: the engine's sentence, with what can be done about it on a command line.
import { CosignError } from '../core/errors.ts';
import { plainText } from '../presentation/untrustedText.ts';
import type { FlagValues } from './flags.ts';

/** `Error: ` and what happened, with what to do next. */
export function failureLine(error: CosignError): string {
  return `Error: ${failureText(error)}\n`;
}

/** The message, and the remedy where it is about a command line too. */
export function failureText({ code, message, remedy }: CosignError): string {
  const advice = remedy?.toString();
  const own = remedies[code] ?? (advice !== undefined && !/countersign\.|settings|"Add Trusted Key|the editor|http\.proxy/.test(advice) ? advice : undefined);
  return `${plainText(message, 500)}${own === undefined ? '' : ` ${plainText(own, 300)}`}`;
}

const remedies: Readonly<Partial<Record<CosignError['code'], string>>> = {
  REGISTRY_PLAIN_HTTP_REFUSED: 'If you accept that, add --allow-http-registry.',
  REGISTRY_TLS: 'Name its certificate authority with --registry-cacert, or accept any certificate with --allow-insecure-registry.',
  REGISTRY_UNAUTHORIZED: 'Log in with "docker login", or give --registry-username and --registry-password, or --registry-token.',
  REGISTRY_UNREACHABLE: 'Check the name and the network; a proxy is taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.',
  CERTIFICATE_UNREADABLE: 'Name files in PEM form; the key of a client certificate has no password.',
  CLIENT_CERTIFICATE_REQUIRED: 'Name a certificate that it accepts with --registry-client-cert and --registry-client-key.',
};

/** With `--verbose`, what led to it; else nothing. */
export const verboseCauses = (flags: FlagValues, error: unknown): string => (flags.on('verbose') ? causeLines(error) : '');

/** What led to it, without secrets. */
function causeLines(error: unknown): string {
  const lines: string[] = [];
  for (let at = error instanceof Error ? error.cause : undefined; at instanceof Error && lines.length < 5; at = at.cause) {
    lines.push(`  because ${at instanceof CosignError ? at.code : at.name}: ${redact(plainText(at.message, 500))}\n`);
  }
  return lines.join('');
}

/** Takes user names, passwords and queries out of addresses. */
function redact(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/gi, '$1…@').replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s?"']*)\?[^\s"']*/gi, '$1?…');
}
