import type { Brand } from '../core/brand.ts';

/** Names the result of a step: a framed sha256 over everything that can change it (ADR 0004). */
export type CacheKey = Brand<`sha256:${string}`, 'CacheKey'>;
