import { createServer } from 'node:http';

/** The HTTP server over rendered pages, not yet listening. */
export function createApp(pages) {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const page = pages.get(pathname);
    if (pathname === '/healthz') response.end('ok\n');
    else if (page === undefined) response.writeHead(404).end('not found\n');
    else if (request.headers['if-none-match'] === page.etag) response.writeHead(304).end();
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', etag: page.etag }).end(page.html);
  });
}
