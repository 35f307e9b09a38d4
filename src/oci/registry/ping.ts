import { apiRoot } from './endpoint.ts';
import { notARegistry } from './response-error.ts';
import type { Session } from './session.ts';

/** Whether there is a registry that lets us in: `GET /v2/` (distribution-spec, "Determining Support"). */
export async function ping(session: Session, registry: string): Promise<void> {
  const call = {
    repository: { registry, repository: '' },
    path: apiRoot(registry, session.insecure),
    method: 'GET',
    action: 'none',
    subject: registry,
    accept: [200],
  } as const;
  await session.request(call, (response) => {
    response.discard();
    const isRegistry = response.headers['docker-distribution-api-version'] !== undefined;
    const type = response.headers['content-type'] ?? '';
    if (!isRegistry && type.startsWith('text/html')) throw notARegistry(response, registry, `answers with "${type}"`);
  });
}
