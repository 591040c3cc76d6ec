// The same cuts on the way to a registry that lists referrers by itself: a file of its own, because it takes as long as the other.
import { cutsOn } from '../support/copyFaults.ts';

cutsOn({ name: 'from a fallback index to native referrers', source: 'router 404', destination: 'native' });
