import { createInterface } from 'node:readline';
import { tryAcquireLease } from '../../src/io/lease.ts';

/** Takes the lease of each path that it reads, keeps it, and answers whether it got it. */
console.log('ready');
for await (const path of createInterface({ input: process.stdin })) {
  console.log(tryAcquireLease(path) === undefined ? 'refused' : 'taken');
}
