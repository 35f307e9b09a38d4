import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LayerError } from '../core/errors.ts';
import { loadBuiltIn } from './built-ins.ts';
import { errnoOf } from './host-error.ts';

/** Formats which Node has no code for; the host's program of that name reads them. */
export type ExternalFormat = 'bzip2' | 'xz';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const MAX_MESSAGE = 1000;

/** @throws LayerError `LAYER_DECOMPRESSOR_MISSING`, `LAYER_COMPRESSION_CORRUPT` */
export async function* externalDecompress(
  bytes: AsyncIterable<Uint8Array>,
  format: ExternalFormat,
): AsyncGenerator<Uint8Array, void> {
  const { spawn } = loadBuiltIn('node:child_process');
  const child: Child = spawn(format, ['-d', '-c'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exit = exitOf(child, format);
  const feeding = feed(bytes, child);
  // Awaited below, after the output has ended.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    await feeding;
    const failure = await exit;
    if (failure !== undefined) throw failure;
  } finally {
    child.kill('SIGKILL');
    await Promise.allSettled([exit, feeding]);
  }
}

/** A program that stops reading says why by its exit code; only errors of `bytes` itself are thrown here. */
async function feed(bytes: AsyncIterable<Uint8Array>, child: Child): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const watched = watch(bytes, (error) => {
    failure = { error };
    child.kill('SIGKILL');
  });
  await pipeline(watched, child.stdin).catch(() => undefined);
  if (failure !== undefined) throw failure.error;
}

async function* watch(
  bytes: AsyncIterable<Uint8Array>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* bytes;
  } catch (error) {
    onError(error);
    throw error;
  }
}

function exitOf(child: Child, format: ExternalFormat): Promise<LayerError | undefined> {
  let message = '';
  child.stderr.on('data', (chunk: Buffer) => {
    message = `${message}${chunk.toString()}`.slice(0, MAX_MESSAGE);
  });
  return new Promise((resolve) => {
    child.once('error', (cause) => resolve(notStarted(format, cause)));
    child.once('close', (code) => resolve(code === 0 ? undefined : corrupt(format, message.trim())));
  });
}

function notStarted(format: ExternalFormat, cause: Error): LayerError {
  const why = errnoOf(cause) === 'ENOENT' ? 'is not on the PATH' : `cannot be started: ${cause.message}`;
  return new LayerError('LAYER_DECOMPRESSOR_MISSING', `the archive is compressed by ${format}, but ${format} ${why}`, {
    hint: `install ${format === 'xz' ? 'xz-utils' : format}, or compress the archive with gzip or zstd`,
    cause,
  });
}

function corrupt(format: ExternalFormat, message: string): LayerError {
  return new LayerError('LAYER_COMPRESSION_CORRUPT', `damaged ${format} data: ${message}`, {
    hint: 'it was cut short or altered: fetch or write it again',
  });
}
