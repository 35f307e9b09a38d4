import type { Workload } from './workload.ts';

export const STEPS = 60;

/** What a step costs when the command costs nothing. */
export const manyRuns: Workload = {
  id: 'W8',
  title: '60 small RUN steps',
  base: 'busybox:latest',
  runs: true,
  asksOneMoreRun: true,
  write(context, { registry, size }) {
    const steps = Array.from({ length: size(STEPS) }, (_, i) => `RUN echo ${i} > /file-${i}\n`);
    context.file('Dockerfile', `FROM ${registry}/busybox:latest\n${steps.join('')}`);
  },
};
