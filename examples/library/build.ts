import { build, isBuilderError, ociLayout, registry } from '../../src/index.ts';

const controller = new AbortController();

try {
  const { image, cached, executed } = await build({
    context: '.',
    tags: ['registry.example.com/acme/app:1'],
    buildArgs: { NODE_ENV: 'production' },
    outputs: [ociLayout('dist/image'), registry()],
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'step-cached') console.log('cached', event.step.text);
    },
  });
  console.log(image.descriptor.digest, `${cached} steps from the cache, ${executed} carried out`);
} catch (error) {
  if (!isBuilderError(error)) throw error;
  console.error(error.code, error.message, error.hint);
}
