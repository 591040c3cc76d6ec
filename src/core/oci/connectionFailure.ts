// Why there was no answer at all, as the system names it: the codes that the transport leaves in the causes of its errors.
import { CosignError } from '../errors.ts';

/** Names that do not exist will not exist in a second. */
const hopeless: readonly string[] = ['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'ENETDOWN'];

/** The other scheme may be what the host speaks. */
export function isConnectionFailure(error: unknown): error is CosignError {
  return error instanceof CosignError && (error.code === 'REGISTRY_UNREACHABLE' || error.code === 'REGISTRY_TLS');
}

/** TLS was spoken and the certificate refused, unlike a host that speaks no TLS at all. */
export function isCertificateRefused(error: CosignError): boolean {
  return error.code === 'REGISTRY_TLS' && !systemCodes(error).some((code) => code === 'EPROTO' || code.startsWith('ERR_SSL_'));
}

export type ConnectionTrouble = 'may pass' | 'refused' | 'hopeless';

/** @returns undefined when the error is not about the connection, or repeating it is pointless by its code */
export function connectionTrouble(error: unknown): ConnectionTrouble | undefined {
  if (!(error instanceof CosignError) || error.code !== 'REGISTRY_UNREACHABLE') return undefined;
  const codes = systemCodes(error);
  if (codes.some((code) => hopeless.includes(code))) return 'hopeless';
  return codes.includes('ECONNREFUSED') ? 'refused' : 'may pass';
}

function systemCodes(error: unknown): readonly string[] {
  const codes: string[] = [];
  let current = error;
  for (let depth = 0; depth < 6 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string') codes.push(current.code);
    current = current.cause;
  }
  return codes;
}
