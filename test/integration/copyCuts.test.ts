// A whole tree, cut at every request in turn by closed sockets: no tag is wrong or leads to a hole, and copying again completes and proves it.
import { cutsOn } from '../support/copyFaults.ts';

cutsOn({ name: 'from native referrers to a fallback index', source: 'native', destination: 'router 404' });
cutsOn({ name: 'within a registry, by mounts', source: 'router 404', destination: 'within' });
