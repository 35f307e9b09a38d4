import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAgentSocket } from '../../../src/build/ssh/agent-socket.ts';
import { messagesOf, sshNumber, sshString, WireReader } from '../../../src/build/ssh/wire.ts';
import { tempDir } from '../../support/temp-dir.ts';

function keyFile(key: KeyObject, format: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8'): string {
  const path = join(tempDir(), 'key');
  writeFileSync(path, key.export({ type: format, format: 'pem' }));
  return path;
}

async function ask(path: string, message: Buffer): Promise<Buffer | undefined> {
  const socket = createConnection(path);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(sshString(message));
  for await (const reply of messagesOf(socket)) return reply;
  return undefined;
}

async function open(...paths: string[]) {
  const socket = await openAgentSocket({ id: 'default', paths }, join(tempDir(), 'ssh'));
  onTestFinished(() => socket[Symbol.dispose]());
  return socket;
}

async function signed(path: string, data: Buffer, flags: number): Promise<{ type: string; signature: Buffer }> {
  const listed = new WireReader((await ask(path, Buffer.from([11])))?.subarray(1) ?? Buffer.alloc(0));
  listed.number();
  const request = Buffer.concat([Buffer.from([13]), sshString(listed.string()), sshString(data), sshNumber(flags)]);
  const reply = await ask(path, request);
  expect(reply?.[0]).toBe(14);
  const outer = new WireReader(reply?.subarray(1) ?? Buffer.alloc(0));
  const inner = new WireReader(outer.string());
  return { type: inner.string().toString(), signature: inner.string() };
}

const DATA = Buffer.from('what is to be signed');

describe('an agent with given keys', () => {
  it('signs with ed25519', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { path } = await open(keyFile(privateKey));
    const { type, signature } = await signed(path, DATA, 0);
    expect(type).toBe('ssh-ed25519');
    expect(verify(null, DATA, createPublicKey(privateKey), signature)).toBe(true);
  });

  it.each([
    [2, 'rsa-sha2-256', 'sha256'],
    [4, 'rsa-sha2-512', 'sha512'],
  ])('signs with RSA as flag %i says', async (flags, name, hash) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { path } = await open(keyFile(privateKey, 'pkcs1'));
    const { type, signature } = await signed(path, DATA, flags);
    expect(type).toBe(name);
    expect(verify(hash, DATA, createPublicKey(privateKey), signature)).toBe(true);
  });

  it('signs with ECDSA', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { path } = await open(keyFile(privateKey, 'sec1'));
    const { type, signature } = await signed(path, DATA, 0);
    const reader = new WireReader(signature);
    const fixed = (bytes: Buffer) => Buffer.concat([Buffer.alloc(32), bytes]).subarray(-32);
    const both = Buffer.concat([fixed(reader.string()), fixed(reader.string())]);
    expect(type).toBe('ecdsa-sha2-nistp256');
    expect(verify('sha256', DATA, { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' }, both)).toBe(true);
  });

  it('takes nothing in, gives nothing out, and refuses what it does not understand', async () => {
    const { path } = await open(keyFile(generateKeyPairSync('ed25519').privateKey));
    for (const message of [[17, 0], [18], [19], [22], [27], [13], [13, 0, 0, 0, 9, 1], []]) {
      expect(await ask(path, Buffer.from(message))).toEqual(Buffer.from([5]));
    }
  });

  it.each([
    ['no key', 'text'],
    ['a damaged one', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'],
  ])('refuses %s', async (_, text) => {
    const path = join(tempDir({ key: text }), 'key');
    await expect(open(path)).rejects.toMatchObject({ code: 'OPTION_BAD_SSH_KEY', hint: expect.any(String) });
  });

  it('is gone when it is disposed', async () => {
    const socket = await open(keyFile(generateKeyPairSync('ed25519').privateKey));
    const connected = createConnection(socket.shortPath);
    await once(connected, 'connect');
    socket[Symbol.dispose]();
    await once(connected, 'close');
    expect(existsSync(socket.path)).toBe(false);
  });
});

const listening = async (path: string, answer: (socket: Socket) => void): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return path;
};

describe('what is given as a key or an agent', () => {
  it.each<[what: string, make: (path: string) => void]>([
    ['a pipe', (path) => void execFileSync('mkfifo', [path])],
    ['a directory', (path) => mkdirSync(path)],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
  ])('is not read when it is %s', async (_, make) => {
    const path = join(tempDir(), 'x');
    make(path);
    await expect(open(path)).rejects.toMatchObject({
      code: 'OPTION_BAD_SSH_KEY',
      message: expect.stringContaining(path),
      hint: expect.any(String),
    });
  });

  it.each(['nothing', 'dead/agent'])('is named when it is not there: %s', async (name) => {
    const path = join(tempDir({ dead: '' }), name);
    await expect(open(path)).rejects.toMatchObject({
      code: 'OPTION_BAD_SSH_KEY',
      message: expect.stringContaining(path),
    });
  });

  it('may be a link to the socket of an agent, which the user has chosen', async () => {
    const folder = tempDir();
    await listening(join(folder, 'agent'), (socket) => void socket.write(sshString(Buffer.from([12, 0, 0, 0, 0]))));
    symlinkSync('agent', join(folder, 'link'));
    const { path } = await open(join(folder, 'link'));
    expect(await ask(path, Buffer.from([11]))).toEqual(Buffer.from([12, 0, 0, 0, 0]));
  });
});

describe('an agent that is forwarded', () => {
  it.each<[what: string, answer: (socket: Socket) => void]>([
    ['hangs up', (socket) => void socket.destroy()],
    ['dies within its answer', (socket) => void socket.end(Buffer.from([0, 0, 0, 9, 12]))],
    ['answers without end', (socket) => void socket.end(Buffer.from([255, 255, 255, 255, 12]))],
  ])('refuses when the one behind it %s', async (_, answer) => {
    const { path } = await open(await listening(join(tempDir(), 'agent'), answer));
    expect(await ask(path, Buffer.from([11]))).toEqual(Buffer.from([5]));
  });

  it('refuses when the one behind it has gone', async () => {
    const folder = tempDir();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'agent'), resolve));
    const { path } = await open(join(folder, 'agent'));
    await new Promise((resolve) => server.close(resolve));
    expect(await ask(path, Buffer.from([11]))).toEqual(Buffer.from([5]));
  });

  it('is asked for its keys and for signatures, and for nothing else', async () => {
    const seen: number[] = [];
    const path = join(tempDir(), 'agent');
    const server = createServer(async (socket) => {
      for await (const message of messagesOf(socket)) {
        seen.push(message[0] ?? -1);
        socket.write(sshString(Buffer.from([12, 0, 0, 0, 0])));
      }
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    const forwarded = await open(path);
    expect(await ask(forwarded.path, Buffer.from([11]))).toEqual(Buffer.from([12, 0, 0, 0, 0]));
    for (const type of [17, 18, 19, 22, 27])
      expect(await ask(forwarded.path, Buffer.from([type]))).toEqual(Buffer.from([5]));
    expect(await ask(forwarded.path, Buffer.from([13]))).toBeDefined();
    expect(seen).toEqual([11, 13]);
  });
});
