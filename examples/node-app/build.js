// Renders the pages into one module beside the server: what is known now need not be read again for every request.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));

const pages = readdirSync('src/pages').map((file) => {
  const html = readFileSync(`src/pages/${file}`, 'utf8')
    .replaceAll('{{name}}', name)
    .replaceAll('{{version}}', version);
  const etag = `"${createHash('sha256').update(html).digest('hex').slice(0, 16)}"`;
  return [file === 'index.html' ? '/' : `/${file.replace(/\.html$/, '')}`, { html, etag }];
});

mkdirSync('dist', { recursive: true });
writeFileSync('dist/pages.js', `export const pages = new Map(${JSON.stringify(pages)});\n`);
cpSync('src/server.js', 'dist/server.js');
cpSync('src/app.js', 'dist/app.js');
console.log(`rendered ${pages.length} pages`);
