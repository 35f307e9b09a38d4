import { describe, expect, it } from 'vitest';
import { readNpmCommand } from '../../src/npm/command.ts';

function shell(text: string) {
  return readNpmCommand(['/bin/sh', '-c', text]);
}

function settings(text: string): Record<string, unknown> {
  const reading = shell(text);
  if (reading.kind !== 'npm') throw new Error(`${text} is read as ${JSON.stringify(reading)}`);
  return Object.fromEntries(reading.command.settings);
}

describe('reading an npm command', () => {
  it.each([
    ['npm ci', 'ci'],
    ['npm clean-install', 'ci'],
    ['  npm   ci   ', 'ci'],
    ['npm install', 'install'],
    ['npm i', 'install'],
    ['npm --no-audit ci', 'ci'],
    ['npm ci && npm cache clean --force', 'ci'],
    ['NODE_ENV=production npm ci', 'ci'],
  ])('knows %j', (text, kind) => {
    expect(shell(text)).toMatchObject({ kind: 'npm', command: { kind } });
  });

  it('knows the exec form', () => {
    expect(readNpmCommand(['npm', 'ci', '--omit=dev'])).toMatchObject({ kind: 'npm', command: { kind: 'ci' } });
  });

  it.each(['npm test', 'npm run ci', 'node ci', 'pnpm install', 'echo npm', 'yarn', 'npm', 'npm --version'])(
    'leaves %j alone',
    (text) => {
      expect(shell(text)).toEqual({ kind: 'other' });
    },
  );

  it.each([
    'npm ci || true',
    'npm ci && npm run build',
    'apt-get update && npm ci',
    'npm ci; ls',
    'npm ci > log',
    'npm ci --omit=$WHAT',
    'npm install express',
    'npm ci --some-new-option',
    'npm ci --omit',
  ])('says why it cannot do %j', (text) => {
    expect(shell(text)).toMatchObject({ kind: 'impossible' });
  });

  it.each([
    ['npm ci --omit=dev', { omit: ['dev'] }],
    ['npm ci --omit dev --omit optional', { omit: ['dev', 'optional'] }],
    ['npm ci --include=dev', { include: ['dev'] }],
    ['npm ci --ignore-scripts', { 'ignore-scripts': 'true' }],
    ['npm ci --ignore-scripts=false', { 'ignore-scripts': 'false' }],
    ['npm ci --no-bin-links', { 'bin-links': 'false' }],
    ['npm ci --no-optional', { optional: 'false' }],
    ['npm ci -w api --workspace=web', { workspace: ['api', 'web'] }],
    ['npm ci --production', { production: 'true' }],
    ['npm ci --no-audit --no-fund --loglevel=error --cache /tmp/c --prefer-offline -s', {}],
    ['npm install --no-package-lock', { 'package-lock': 'false' }],
  ])('takes the settings of %j', (text, expected) => {
    expect(settings(text)).toEqual(expected);
  });

  it('keeps variables that are set for it alone', () => {
    const reading = shell('NODE_ENV=production CI=1 npm ci');
    expect(reading.kind === 'npm' && [...reading.command.env]).toEqual([
      ['NODE_ENV', 'production'],
      ['CI', '1'],
    ]);
  });
});
