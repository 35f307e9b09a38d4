import { dockerEngine } from '../../oci/engines/docker-engine.ts';
import type { Engine } from '../../oci/engines/engine.ts';
import { containerdEngine, podmanEngine } from '../../oci/engines/program-engine.ts';

export function engineOf(name: Engine['name'], signal?: AbortSignal): Engine {
  return { docker: dockerEngine, podman: podmanEngine, containerd: containerdEngine }[name](signal);
}
