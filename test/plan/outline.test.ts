import { describe, expect, it } from 'vitest';
import { PlanError } from '../../src/core/errors.ts';
import { parse } from '../../src/parser/index.ts';
import { formatOutline } from '../../src/plan/format-outline.ts';
import { formatGraphDot, toGraphJson } from '../../src/plan/graph-formats.ts';
import { outlineDockerfile } from '../../src/plan/outline.ts';
import type { PlanOptions } from '../../src/plan/plan-build.ts';
import { LINUX, planText } from '../support/plan.ts';

const TEXT = `# VERSION of node
ARG VERSION=24
ARG UNSET
FROM --platform=linux/arm64 node:$VERSION AS Deps
# this is not about it
# MODE what to install:
# MODE  all or prod
ARG MODE=$VERSION-prod VERSION
RUN --mount=type=secret,id=npm,env=TOKEN --mount=type=cache,target=/root/.npm npm ci
RUN --mount=type=secret,id=npm,required --mount=type=ssh --mount=type=bind,from=alpine,target=/a x
ENV MODE=changed
FROM scratch AS unused
EXPOSE $nope
# last the image
FROM deps AS last
RUN --mount=type=tmpfs,target=/t --mount=type=bind,target=/src,from=deps --mount=type=bind,target=/ctx x
`;

const outline = (text: string, options: Partial<PlanOptions> = {}) =>
  outlineDockerfile(parse(text), { buildArgs: {}, platform: LINUX, buildPlatform: LINUX, ...options });

describe('an outline', () => {
  it('has arguments with default, value and description', () => {
    const { args, stages } = outline(TEXT, { buildArgs: { VERSION: '22' } });
    expect(args).toEqual([
      { name: 'VERSION', description: 'of node', line: 2, default: '24', value: '22' },
      { name: 'UNSET', line: 3 },
    ]);
    expect(stages[0]?.args).toEqual([
      { name: 'MODE', description: 'all or prod', line: 8, default: '$VERSION-prod', value: '-prod' },
      { name: 'VERSION', line: 8, value: '22' },
    ]);
  });

  it('has stages with base, platform, secrets, ssh and mounts', () => {
    const { target, platform, stages } = outline(TEXT, { target: 'last' });
    expect({ target, platform }).toEqual({ target: 'last', platform: 'linux/amd64' });
    expect(stages.map(({ args: _args, ...stage }) => stage)).toEqual([
      {
        index: 0,
        name: 'deps',
        line: 4,
        base: 'image node:24',
        platform: 'linux/arm64',
        needed: true,
        secrets: [{ id: 'npm', required: true, env: 'TOKEN' }],
        ssh: [{ id: 'default', required: false }],
        mounts: [
          { type: 'cache', target: '/root/.npm', id: '/root/.npm' },
          { type: 'bind', target: '/a', from: 'alpine' },
        ],
      },
      { index: 1, name: 'unused', line: 12, base: 'scratch', needed: false, secrets: [], ssh: [], mounts: [] },
      {
        index: 2,
        name: 'last',
        description: 'the image',
        line: 15,
        base: 'stage 0 "deps"',
        platform: 'linux/arm64',
        needed: true,
        secrets: [],
        ssh: [],
        mounts: [
          { type: 'tmpfs', target: '/t' },
          { type: 'bind', target: '/src', from: 'deps' },
          { type: 'bind', target: '/ctx' },
        ],
      },
    ]);
  });

  it('fails for what is wrong in a stage that the target needs, and for no other', () => {
    expect(() => outline('FROM a AS b\nEXPOSE x\nFROM b')).toThrow(PlanError);
    expect(outline('FROM a AS b\nEXPOSE x\nFROM a').stages).toHaveLength(2);
  });

  it('is printed as text', () => {
    expect(formatOutline(outline(TEXT, { buildArgs: { MODE: 'all' } }))).toBe(`platform linux/amd64, target last
  arguments of FROM:
    VERSION=24 - of node
    UNSET

stage 0 "deps", image node:24, linux/arm64
  arguments:
    MODE=$VERSION-prod (now "all") - all or prod
    VERSION (now "24")
  secrets:
    npm, as $TOKEN, required
  ssh:
    default
  mounts:
    cache /root/.npm, id /root/.npm
    bind /a, from alpine

stage 1 "unused", scratch, not needed

stage 2 "last" (target), stage 0 "deps", linux/arm64
  the image
  mounts:
    tmpfs /t
    bind /src, from deps
    bind /ctx
`);
  });
});

describe('a graph', () => {
  const graph = planText('FROM a AS x\nFROM scratch AS y\nFROM x\nCOPY --from=x a b\nCOPY --from=1 a b\nFROM a');

  it('is given to programs', () => {
    expect(toGraphJson(graph)).toEqual({
      target: 3,
      stages: [
        {
          index: 0,
          name: 'x',
          line: 1,
          base: { kind: 'image', reference: 'a' },
          instructions: 0,
          dependencies: [],
          needed: false,
        },
        { index: 1, name: 'y', line: 2, base: { kind: 'scratch' }, instructions: 0, dependencies: [], needed: false },
        { index: 2, line: 3, base: { kind: 'stage', index: 0 }, instructions: 2, dependencies: [0, 1], needed: false },
        { index: 3, line: 6, base: { kind: 'image', reference: 'a' }, instructions: 0, dependencies: [], needed: true },
      ],
    });
  });

  it('is drawn by graphviz', () => {
    expect(formatGraphDot(graph)).toBe(`digraph build {
  rankdir=LR;
  node [shape=box];
  s0 [label="x" style="dashed" color="grey" fontcolor="grey"];
  b0 [label="a" shape="ellipse"];
  b0 -> s0;
  s1 [label="y" style="dashed" color="grey" fontcolor="grey"];
  b1 [label="scratch" shape="ellipse"];
  b1 -> s1;
  s2 [label="stage 2" style="dashed" color="grey" fontcolor="grey"];
  s0 -> s2;
  s1 -> s2 [style="dashed"];
  s3 [label="stage 3" style="bold"];
  b3 [label="a" shape="ellipse"];
  b3 -> s3;
}
`);
  });
});
