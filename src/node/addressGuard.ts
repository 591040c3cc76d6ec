// Where a name may lead when an answer, not a person, gave it to us: names resolve to what their owner says, and may change.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, isIPv6, type LookupFunction } from 'node:net';
import { maySendAsFar, reachOf, type Reach } from '../core/oci/hosts.ts';

/** Resolves a name to all of its addresses; the system's by default. */
export type Resolve = (hostname: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** A name that leads only to addresses it must not lead to; no connection was tried. */
export class AddressRefused extends Error {
  readonly address: string;
  readonly reach: Reach;

  constructor(address: string) {
    super('address refused');
    this.address = address;
    this.reach = reachOfAddress(address);
  }
}

/** How near each host turned out to be when it was connected to. */
export class KnownReaches {
  readonly #known = new Map<string, Reach>();

  /** A host that was ever public stays so: whoever owns its name must not make it a neighbour by changing what it resolves to. */
  note(hostname: string, address: string | undefined): void {
    if (address === undefined) return;
    const reach = reachOfAddress(address);
    const before = this.#known.get(hostname);
    if (this.#known.size >= maxHosts) this.#known.clear();
    this.#known.set(hostname, before === undefined || before === reach ? reach : 'public');
  }

  /** @param hostname as URLs spell it; one not yet connected to is judged by its spelling */
  of(hostname: string): Reach {
    return this.#known.get(hostname) ?? reachOf(hostname.includes(':') ? `[${hostname}]` : hostname);
  }
}

const maxHosts = 1000;

/** Whether something this near may send us to this address. */
export function allowsAddress(from: Reach, address: string): boolean {
  return maySendAsFar(from, reachOfAddress(address));
}

/** For `net.connect`: leaves out the addresses that something at `from` may not send us to. */
export function guardedLookup(from: Reach, resolve: Resolve = resolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const allowed = addresses.filter(({ address }) => allowsAddress(from, address));
      const [first] = allowed;
      if (error) callback(error, []);
      else if (first === undefined) callback(new AddressRefused(addresses[0]?.address ?? hostname), []);
      else if (options.all === true) callback(null, [...allowed]);
      else callback(null, first.address, first.family);
    });
  };
}

/** For `net.connect`, without a guard: all that a test needs to say what names mean. */
export function plainLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error) callback(error, []);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}

/** By the system. */
export const resolveAll: Resolve = (hostname, done) => {
  systemLookup(hostname, { all: true }, (error, addresses) => { done(error, error ? [] : addresses); });
};

/** Judged in the spelling of URLs, which has one form for each address; what is no address is as good as the worst. */
function reachOfAddress(address: string): Reach {
  const bare = address.replace(/%.*$/, '');
  if (isIP(bare) === 0) return 'link-local';
  return reachOf(new URL(`http://${isIPv6(bare) ? `[${bare}]` : bare}`).host);
}
