// Types for the two parts of undici in use. Its index is never imported: it would install a dispatcher for every `fetch` in the process.
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}

declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici';
  /** What undici takes for a body, of which its own types leave out async iterables. */
  export type RequestBody = Uint8Array | AsyncIterable<Uint8Array> | null;
  export type RequestOptions = Omit<Dispatcher.RequestOptions, 'body'> & { readonly body: RequestBody };
  export default function request(this: Dispatcher, options: RequestOptions): Promise<Dispatcher.ResponseData>;
}
