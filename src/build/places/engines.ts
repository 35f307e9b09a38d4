import { environment } from '../../io/host.ts';
import { dockerEngine } from '../../oci/engines/docker-engine.ts';
import type { Engine } from '../../oci/engines/engine.ts';
import { containerdEngine, podmanEngine } from '../../oci/engines/program-engine.ts';

/**
 * The engine of a machine that has one: Docker's where it runs, else podman. Docker's as well where `DOCKER_HOST` names
 * one, or there is neither: what it says when it is used tells what is wrong.
 *
 * @throws HostError `HOST_ENGINE_UNAVAILABLE` when Docker's runs and may not be used
 */
export async function findEngine(
  signal?: AbortSignal,
  engines: Readonly<Record<'docker' | 'podman', Pick<Engine, 'isThere'>>> = {
    docker: dockerEngine(signal),
    podman: podmanEngine(signal),
  },
): Promise<'docker' | 'podman'> {
  const isNamed = environment('DOCKER_HOST') !== undefined;
  if (isNamed || (await engines.docker.isThere())) return 'docker';
  return (await engines.podman.isThere()) ? 'podman' : 'docker';
}

export function engineOf(name: Engine['name'], signal?: AbortSignal): Engine {
  return { docker: dockerEngine, podman: podmanEngine, containerd: containerdEngine }[name](signal);
}
