import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandomText } from './random-text.ts';
import type { Workload } from './workload.ts';

const PROJECT = join(import.meta.dirname, 'npm-app');
/** Stands in the lockfile for the registry that serves the packages. */
const REGISTRY = 'http://npm-registry.invalid/';

/** An ordinary Node application: `npm ci` of a locked tree, then its sources. */
export const npmApp: Workload = {
  id: 'W4',
  title: 'Node application: npm ci of 349 locked packages, 300 sources',
  base: 'node:24',
  runs: true,
  installs: true,
  editedFile: 'src/m0/f0.js',
  write(context, { registry, npmRegistry }, random) {
    const text = createRandomText(random);
    context.file('package.json', readFileSync(join(PROJECT, 'package.json')));
    context.file('package-lock.json', lockfileFor(npmRegistry));
    context.file('.npmrc', `registry=${npmRegistry}\nupdate-notifier=false\n`);
    for (let i = 0; i < 300; i++) context.file(`src/m${i % 12}/f${i}.js`, text(3000));
    context.file(
      'Dockerfile',
      `FROM ${registry}/node:24
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY src ./src
CMD ["node", "src/index.js"]
`,
    );
  },
};

function lockfileFor(npmRegistry: string): string {
  return readFileSync(join(PROJECT, 'package-lock.json'), 'utf8').replaceAll(REGISTRY, npmRegistry);
}
