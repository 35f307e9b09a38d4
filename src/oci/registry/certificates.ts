import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OptionError } from '../../core/errors.ts';
import { loadBuiltIn } from '../../io/built-ins.ts';
import { homeDir } from '../../io/host.ts';
import { errnoOf, toHostError } from '../../io/host-error.ts';

export interface CertificateOptions {
  /** Path of a file (PEM) with more certificate authorities, trusted for every registry. */
  readonly caFile?: string | undefined;
  /** Folders with a folder `host[:port]` for each registry, as docker and podman have them: see {@link certificatesFor}. */
  readonly certificateDirs?: readonly string[] | undefined;
}

/** What TLS to one host needs besides Node's defaults. */
export interface Certificates {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * In `DIR/HOST[:PORT]` stand `*.crt`, certificate authorities to trust, and `*.cert` with `*.key`, the certificate that
 * shows the registry who we are.
 * @throws OptionError `OPTION_BAD_CERTIFICATE`; HostError
 */
export function certificatesFor(host: string, options: CertificateOptions): Certificates {
  const { caFile, certificateDirs = defaultDirs() } = options;
  const extra = caFile === undefined ? [] : [readPem(caFile)];
  const found = certificateDirs.map((dir) => readFolder(join(dir, host))).find((each) => each !== undefined);
  const own = [...extra, ...(found?.ca ?? [])];
  return {
    ...(own.length > 0 && { ca: [...loadBuiltIn('node:tls').getCACertificates('default'), ...own] }),
    ...(found?.pair && { cert: found.pair.cert, key: found.pair.key }),
  };
}

function defaultDirs(): string[] {
  const user = join(homeDir(), '.config', 'containers', 'certs.d');
  return [user, '/etc/containers/certs.d', '/etc/docker/certs.d'];
}

interface Folder {
  readonly ca: readonly string[];
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
}

function readFolder(dir: string): Folder | undefined {
  const names = listFolder(dir);
  if (names === undefined) return undefined;
  const ca = names.filter((name) => name.endsWith('.crt')).map((name) => readPem(join(dir, name)));
  const cert = names.find((name) => name.endsWith('.cert'));
  return { ca, pair: cert === undefined ? undefined : readPair(dir, cert, names) };
}

function readPair(dir: string, cert: string, names: readonly string[]): Folder['pair'] {
  const key = cert.replace(/\.cert$/, '.key');
  if (!names.includes(key)) {
    throw new OptionError('OPTION_BAD_CERTIFICATE', `${join(dir, cert)} has no key beside it`, {
      hint: `put its private key into ${join(dir, key)}`,
    });
  }
  return { cert: readPem(join(dir, cert)), key: readPem(join(dir, key)) };
}

function readPem(path: string): string {
  const text = readText(path);
  if (text.includes('-----BEGIN ')) return text;
  throw new OptionError('OPTION_BAD_CERTIFICATE', `${path} is no PEM file`, {
    hint: 'convert it with: openssl x509 -inform der -in FILE -out FILE.pem',
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw toHostError(error, 'read the certificate', path);
  }
}

/** `undefined` for a folder that is not there, or not for us to read. */
function listFolder(dir: string): string[] | undefined {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw toHostError(error, 'read', dir);
  }
}
