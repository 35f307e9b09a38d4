import { createPrivateKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { OptionError } from '../../core/errors.ts';
import { sshInteger, sshString, WireReader } from './wire.ts';

/** A key that an agent holds. */
export interface AgentKey {
  /** The public key as SSH sends it (RFC 4253, 6.6). */
  readonly blob: Buffer;
  readonly comment: string;
  /** A signature as SSH sends it; `flags` choose the hash of RSA. */
  sign(data: Buffer, flags: number): Buffer;
}

const MAGIC = Buffer.from('openssh-key-v1\0');
const SHA_256 = 2;
const SHA_512 = 4;

/**
 * Reads a private key: the format of OpenSSH, or PEM with PKCS #1, #8 or SEC 1.
 * @throws OptionError `OPTION_BAD_SSH_KEY` for another text, another kind of key, or one behind a passphrase
 */
export function parsePrivateKey(text: string, path: string): AgentKey {
  try {
    const armoured = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
    if (armoured === undefined) return toAgentKey(createPrivateKey(text), path);
    return parseOpenssh(Buffer.from(armoured, 'base64'), path);
  } catch (cause) {
    if (cause instanceof OptionError) throw cause;
    throw badKey(path, 'it is no private key, or is behind a passphrase', cause);
  }
}

function parseOpenssh(bytes: Buffer, path: string): AgentKey {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw badKey(path, 'it is damaged');
  const outer = new WireReader(bytes.subarray(MAGIC.length));
  if (outer.string().toString() !== 'none') throw badKey(path, 'it is behind a passphrase');
  // Options of the cipher, which are empty; the number of keys, which is 1; the public key, which is in the private one.
  outer.string();
  outer.string();
  outer.number();
  outer.string();
  const fields = new WireReader(outer.string());
  const [check, again] = [fields.number(), fields.number()];
  if (check !== again) throw badKey(path, 'it is damaged');
  const jwk = readJwk(fields.string().toString(), fields, path);
  return toAgentKey(createPrivateKey({ key: jwk, format: 'jwk' }), fields.string().toString() || path);
}

function readJwk(type: string, fields: WireReader, path: string): JsonWebKey {
  if (type === 'ssh-ed25519') {
    const x = fields.string();
    return { kty: 'OKP', crv: 'Ed25519', x: url(x), d: url(fields.string().subarray(0, 32)) };
  }
  if (type === 'ssh-rsa') return readRsa(fields);
  const curve = /^ecdsa-sha2-nistp(256|384|521)$/.exec(type)?.[1];
  if (curve === undefined) throw badKey(path, `keys of type ${type} are not supported`);
  fields.string();
  const point = fields.string().subarray(1);
  const size = point.length / 2;
  const d = padded(fields.string(), size);
  return { kty: 'EC', crv: `P-${curve}`, x: url(point.subarray(0, size)), y: url(point.subarray(size)), d: url(d) };
}

function readRsa(fields: WireReader): JsonWebKey {
  const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => toBigInt(fields.string()));
  if (n === undefined || e === undefined || d === undefined) throw new RangeError('no RSA key');
  if (qi === undefined || p === undefined || q === undefined) throw new RangeError('no RSA key');
  const numbers = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi };
  const texts = Object.entries(numbers).map(([name, value]) => [name, url(fromBigInt(value))] as const);
  return { kty: 'RSA', ...Object.fromEntries(texts) };
}

function toAgentKey(key: KeyObject, comment: string): AgentKey {
  const jwk = key.export({ format: 'jwk' });
  switch (jwk.kty) {
    case 'OKP':
      return {
        blob: Buffer.concat([sshString('ssh-ed25519'), sshString(bytesOf(jwk.x))]),
        comment,
        sign: (data) => Buffer.concat([sshString('ssh-ed25519'), sshString(sign(null, data, key))]),
      };
    case 'RSA':
      return {
        blob: Buffer.concat([sshString('ssh-rsa'), sshInteger(bytesOf(jwk.e)), sshInteger(bytesOf(jwk.n))]),
        comment,
        sign: (data, flags) => signRsa(key, data, flags),
      };
    default:
      return toEcdsaKey(key, jwk, comment);
  }
}

function toEcdsaKey(key: KeyObject, { crv = '', x, y }: JsonWebKey, comment: string): AgentKey {
  const bits = /^P-(256|384|521)$/.exec(crv)?.[1];
  if (bits === undefined) throw badKey(comment, `keys of the curve ${crv} are not supported`);
  const type = sshString(`ecdsa-sha2-nistp${bits}`);
  const point = Buffer.concat([Buffer.from([4]), bytesOf(x), bytesOf(y)]);
  const hash = { 256: 'sha256', 384: 'sha384', 521: 'sha512' }[bits] ?? 'sha256';
  return {
    blob: Buffer.concat([type, sshString(`nistp${bits}`), sshString(point)]),
    comment,
    sign(data) {
      const both = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
      const [r, s] = [both.subarray(0, both.length / 2), both.subarray(both.length / 2)];
      return Buffer.concat([type, sshString(Buffer.concat([sshInteger(r), sshInteger(s)]))]);
    },
  };
}

/** RFC 8332. */
function signRsa(key: KeyObject, data: Buffer, flags: number): Buffer {
  const [name, hash] =
    flags & SHA_512 ? ['rsa-sha2-512', 'sha512'] : flags & SHA_256 ? ['rsa-sha2-256', 'sha256'] : ['ssh-rsa', 'sha1'];
  return Buffer.concat([sshString(name), sshString(sign(hash, data, key))]);
}

function bytesOf(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'base64url');
}

function url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function toBigInt(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex') || '0'}`);
}

function fromBigInt(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function padded(bytes: Buffer, size: number): Buffer {
  const digits = bytes.length > size ? bytes.subarray(bytes.length - size) : bytes;
  return Buffer.concat([Buffer.alloc(size - digits.length), digits]);
}

function badKey(path: string, why: string, cause?: unknown): OptionError {
  return new OptionError('OPTION_BAD_SSH_KEY', `cannot use the ssh key ${JSON.stringify(path)}: ${why}`, {
    hint: 'keys are ed25519, RSA or ECDSA; one with a passphrase is added to an agent (ssh-add), which --ssh ID forwards',
    cause,
  });
}
