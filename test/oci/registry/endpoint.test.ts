import { describe, expect, it } from 'vitest';
import { repositoryUrl } from '../../../src/oci/registry/endpoint.ts';

describe('repositoryUrl', () => {
  it.each([
    ['localhost', 'http://localhost/v2/app/'],
    ['localhost:5000', 'http://localhost:5000/v2/app/'],
    ['127.0.0.1:5000', 'http://127.0.0.1:5000/v2/app/'],
    ['127.8.9.10', 'http://127.8.9.10/v2/app/'],
    ['[::1]:5000', 'http://[::1]:5000/v2/app/'],
    ['r.example', 'https://r.example/v2/app/'],
    ['r.example:80', 'https://r.example:80/v2/app/'],
    ['plain.example:5000', 'http://plain.example:5000/v2/app/'],
    ['127.0.0.1.example', 'https://127.0.0.1.example/v2/app/'],
    ['localhost.example', 'https://localhost.example/v2/app/'],
  ])('%s is spoken to at %s', (registry, expected) => {
    const insecure = ['plain.example:5000'];
    expect(repositoryUrl({ registry, repository: 'app' }, insecure).href).toBe(expected);
  });
});
