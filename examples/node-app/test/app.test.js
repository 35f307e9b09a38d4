import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createApp } from '../src/app.js';

test('pages are served with an etag, and not sent again', async () => {
  const server = createApp(new Map([['/', { html: '<h1>hi</h1>', etag: '"1"' }]])).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${server.address().port}`;
  const first = await fetch(address);
  assert.equal(await first.text(), '<h1>hi</h1>');
  const again = await fetch(address, { headers: { 'if-none-match': first.headers.get('etag') } });
  assert.equal(again.status, 304);
  assert.equal((await fetch(`${address}/healthz`)).status, 200);
  assert.equal((await fetch(`${address}/nothing`)).status, 404);
  server.closeAllConnections();
  server.close();
});
