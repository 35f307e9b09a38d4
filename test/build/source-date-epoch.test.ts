import { describe, expect, it, test } from 'vitest';
import { createBuilder } from '../support/build.ts';
import { startFileServer } from '../support/file-server.ts';
import { tarOf } from '../support/tar-of.ts';

const MODIFIED = { 'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT' };
const MODIFIED_AS_CREATED = '2023-11-14T22:13:20Z';
const FILES = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' };

async function created(options: Parameters<ReturnType<typeof createBuilder>['build']>[0]): Promise<string> {
  const { image } = await createBuilder().build(options);
  return String(image.config.created).replace('.000Z', 'Z');
}

describe('SOURCE_DATE_EPOCH (reference, section 20)', () => {
  it('has the default of a global ARG, which a build argument overrides', async () => {
    const files = { ...FILES, Dockerfile: `ARG SOURCE_DATE_EPOCH=1700000000\n${FILES.Dockerfile}` };
    expect(await created({ files })).toBe(MODIFIED_AS_CREATED);
    expect(await created({ files, buildArgs: { SOURCE_DATE_EPOCH: '1' } })).toBe('1970-01-01T00:00:01Z');
  });

  it('named `context` is the time of the newest file of an archive', async () => {
    const body = await tarOf(FILES);
    const { url } = await startFileServer(() => ({ body }));
    const options = { context: `${url}/context.tar`, buildArgs: { SOURCE_DATE_EPOCH: 'context' } };
    expect(await created(options)).toBe(MODIFIED_AS_CREATED);
  });

  it('named `context` is what the server says of a Dockerfile that it sends instead', async () => {
    const { url } = await startFileServer(() => ({ body: 'FROM scratch\nWORKDIR /x\n', headers: MODIFIED }));
    const options = { context: `${url}/Dockerfile`, buildArgs: { SOURCE_DATE_EPOCH: 'context' } };
    expect(await created(options)).toBe(MODIFIED_AS_CREATED);
  });

  it('takes the name of a fetched context', async () => {
    const body = await tarOf({ f: 'f' });
    const { url } = await startFileServer(() => ({ body }));
    const buildContexts = { source: `${url}/source.tar` };
    expect(await created({ files: FILES, buildContexts, buildArgs: { SOURCE_DATE_EPOCH: 'source' } })).toBe(
      MODIFIED_AS_CREATED,
    );
  });

  it('takes the name of a stage that only fetches one thing, and ARG then holds the number', async () => {
    const { url } = await startFileServer(() => ({ body: 'x', headers: MODIFIED }));
    const Dockerfile = `ARG SOURCE_DATE_EPOCH=source
FROM scratch AS source
ARG NAME=f
ADD ${url}/$NAME /
FROM scratch
ARG SOURCE_DATE_EPOCH
LABEL epoch=$SOURCE_DATE_EPOCH
COPY --from=source /f /
`;
    const { image } = await createBuilder().build({ files: { Dockerfile } });
    expect(image.config.config?.Labels).toEqual({ epoch: '1700000000' });
    expect(await created({ files: { Dockerfile } })).toBe(MODIFIED_AS_CREATED);
  });

  test.each([
    ['a context that is a directory', 'context', FILES.Dockerfile],
    ['nothing', 'nobody', FILES.Dockerfile],
    ['a stage with more than what it fetches', 'other', `FROM scratch AS other\nCOPY a /\n${FILES.Dockerfile}`],
  ])('that names %s is refused', async (_, epoch, Dockerfile) => {
    const options = { files: { ...FILES, Dockerfile }, buildArgs: { SOURCE_DATE_EPOCH: epoch } };
    await expect(createBuilder().build(options)).rejects.toMatchObject({ code: 'OPTION_BAD_EPOCH' });
  });
});
