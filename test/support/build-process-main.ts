import { build } from '../../src/index.ts';

/** Builds with the options that are its argument, as JSON; prints the digest. */
const { image } = await build(JSON.parse(process.argv[2] ?? '{}'));
process.stdout.write(image.descriptor.digest);
