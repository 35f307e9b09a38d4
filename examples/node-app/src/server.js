import { createApp } from './app.js';
import { pages } from './pages.js';

const server = createApp(pages).listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on port ${server.address().port}`);
});

process.once('SIGTERM', () => server.close());
