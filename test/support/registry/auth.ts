import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How a test registry guards itself; a guard answers the request itself when it does not let it pass. */
export type Guard = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface User {
  readonly username: string;
  readonly password: string;
}

export function basicHeader({ username, password }: User): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export function basicGuard(user: User): Guard {
  return (request, response) => {
    if (request.headers.authorization === basicHeader(user)) return true;
    return refuse(response, 'Basic realm="test registry"');
  };
}

export interface BearerOptions {
  /** Without one, tokens are given to anyone. */
  readonly user?: User;
  readonly expiresIn?: number;
  /** Where tokens are given; default: `/token` of the registry itself. */
  readonly realm?: string;
}

/** A guard that wants a token of its own `/token`, good for the scope that it was asked for. */
export function bearerGuard(options: BearerOptions = {}): Guard {
  const tokens = new Map<string, string>();
  return (request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    if (url.pathname === '/token') {
      if (options.user !== undefined && request.headers.authorization !== basicHeader(options.user)) {
        return refuse(response, 'Basic realm="token server"');
      }
      const token = randomUUID();
      tokens.set(token, url.searchParams.getAll('scope').join(' '));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ token, expires_in: options.expiresIn ?? 300 }));
      return false;
    }
    const wanted = scopeOf(request, url);
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    if (token !== undefined && tokens.get(token)?.includes(wanted)) return true;
    const realm = options.realm ?? `http://${request.headers.host}/token`;
    return refuse(response, `Bearer realm="${realm}",service="test",scope="${wanted}"`);
  };
}

function scopeOf(request: IncomingMessage, url: URL): string {
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1] ?? '';
  const writes = request.method !== 'GET' && request.method !== 'HEAD';
  return `repository:${repository}:pull${writes ? ',push' : ''}`;
}

function refuse(response: ServerResponse, challenge: string): false {
  response.writeHead(401, { 'www-authenticate': challenge, 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }));
  return false;
}
