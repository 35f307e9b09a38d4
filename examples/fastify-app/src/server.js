import { transform } from 'esbuild';
import fastify from 'fastify';

const app = fastify();

app.get('/', async () => ({ hello: 'world', arch: process.arch, user: process.getuid() }));

// esbuild is a program for one platform: that it answers shows that the image has the right one.
app.post('/minify', async ({ body }) => (await transform(String(body), { minify: true })).code);

process.once('SIGTERM', () => app.close());
console.log(await app.listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 3000) }));
