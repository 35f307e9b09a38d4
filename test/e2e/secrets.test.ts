import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type BuildEvent, build, ociArchive, ociLayout, type Secret } from '../../src/index.ts';
import { TEST_REGISTRY } from '../support/host.ts';
import { createProject, type Project } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';

/** Not found by accident, not equal to its own base64 or reverse. */
const SECRET = 'golden-secret-8f1e5c';
const FORMS = [SECRET, Buffer.from(SECRET).toString('base64').replace(/=+$/, ''), Buffer.from(SECRET).toString('hex')];

const DOCKERFILE = [
  `FROM ${TEST_REGISTRY}/busybox:latest`,
  'COPY f /f',
  'RUN --mount=type=secret,id=file test "$(cat /run/secrets/file)" != "" && wc -c < /run/secrets/file > /size',
  'RUN --mount=type=secret,id=variable,env=TOKEN test -n "$TOKEN" && env | grep -c TOKEN > /length',
  'RUN --mount=type=secret,id=given,target=/root/.npmrc,mode=0444,required cp /root/.npmrc /tmp/x && rm /tmp/x',
  'RUN --mount=type=cache,target=/c --mount=type=secret,id=file,target=/c/token test -s /c/token && touch /c/used',
  'ENTRYPOINT ["/bin/sh"]',
].join('\n');

const FAILS = `${DOCKERFILE}\nRUN --mount=type=secret,id=file,env=TOKEN test -n "$TOKEN" && false\n`;

/** Every file below a folder, blobs unpacked too, that holds the secret in some form. */
function filesWithSecret(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return paths.filter((path) => holdsSecret(readFileSync(path)) || path.includes(SECRET));
}

function holdsSecret(bytes: Buffer): boolean {
  const unpacked = bytes.length > 2 && bytes.readUInt16BE() === 0x1f8b ? gunzipSync(bytes) : bytes;
  return FORMS.some((form) => bytes.includes(form) || unpacked.includes(form));
}

function secretsOf({ out }: Project): Secret[] {
  return [
    { id: 'file', file: join(out, '..', 'token') },
    { id: 'variable', env: 'LAMELLA_GOLDEN_TOKEN' },
    { id: 'given', value: SECRET },
  ];
}

async function buildWith(project: Project, dockerfileText: string): Promise<{ events: BuildEvent[]; error: unknown }> {
  const events: BuildEvent[] = [];
  process.env.LAMELLA_GOLDEN_TOKEN = SECRET;
  try {
    const error = await build({
      context: project.dir,
      dockerfileText,
      cacheDir: join(project.out, 'cache'),
      secrets: secretsOf(project),
      outputs: [ociLayout(join(project.out, 'layout')), ociArchive(join(project.out, 'image.tar'))],
      tags: ['secret:1'],
      onEvent: (event) => events.push(event),
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { events, error };
  } finally {
    delete process.env.LAMELLA_GOLDEN_TOKEN;
  }
}

describe('a secret', () => {
  test('is in no blob, record, table of contents, stat cache, workspace, output or event', async () => {
    using project = createProject({ f: 'f', '../token': SECRET });
    const { events, error } = await buildWith(project, DOCKERFILE);
    expect(error).toBeUndefined();
    expect(filesWithSecret(project.out)).toEqual([]);
    expect(readdirSync(join(project.out, 'cache')).length).toBeGreaterThan(3);
    expect(FORMS.filter((form) => JSON.stringify(events).includes(form))).toEqual([]);
  });

  test('is in nothing that a failed build leaves or says', async () => {
    using project = createProject({ f: 'f', '../token': SECRET });
    const { events, error } = await buildWith(project, FAILS);
    expect(error).toMatchObject({ code: 'STEP_EXIT_CODE' });
    expect(filesWithSecret(project.out)).toEqual([]);
    const said = JSON.stringify([events, error, String(error)]);
    expect(FORMS.filter((form) => said.includes(form))).toEqual([]);
  });

  test('is in no line of the log, whatever the kind of progress', async () => {
    using project = createProject({ Dockerfile: DOCKERFILE, f: 'f', '../token': SECRET });
    for (const progress of ['plain', 'json']) {
      const { exitCode, stdout, stderr } = await runCli(
        [
          ...['build', '--progress', progress, '--no-cache', '--cache-dir', join(project.out, 'cache')],
          ...['--secret', `id=file,src=${join(project.out, '..', 'token')}`],
          ...['--secret', 'id=variable,env=GOLDEN_TOKEN', '--secret', 'id=given,env=GOLDEN_TOKEN'],
          project.dir,
        ],
        { env: { GOLDEN_TOKEN: SECRET } },
      );
      expect(exitCode, stderr).toBe(0);
      expect(FORMS.filter((form) => `${stdout}${stderr}`.includes(form))).toEqual([]);
    }
    expect(filesWithSecret(project.out)).toEqual([]);
  });

  test('is found by this test where it is', async () => {
    using project = createProject({ f: 'f', '../token': SECRET });
    const leaking = `FROM ${TEST_REGISTRY}/busybox:latest\nRUN --mount=type=secret,id=given cp /run/secrets/given /leak\n`;
    await buildWith(project, leaking);
    expect(filesWithSecret(project.out).some((path) => path.includes('blobs'))).toBe(true);
  });
});
