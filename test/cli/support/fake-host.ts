import type { CliHost } from '../../../src/cli/host.ts';
import type { BuildOptions, BuildResult, Library, ShellTerminal } from '../../../src/cli/library.ts';
import type { Digest } from '../../../src/core/digest.ts';
import { isBuilderError } from '../../../src/core/errors.ts';

export const CONFIG_DIGEST = `sha256:${'cd'.repeat(32)}` as Digest;
export const DIGEST = `sha256:${'ab'.repeat(32)}` as Digest;

export interface FakeHost extends CliHost {
  /** Everything written so far. */
  readonly written: { stdout: string; stderr: string };
  readonly files: Map<string, string>;
  /** Exit code of a forced end. */
  forced: number | undefined;
  columns: number;
  advance(ms: number): void;
  send(signal: 'SIGINT' | 'SIGTERM'): void;
  tick(): void;
}

export interface FakeHostOptions {
  readonly isTTY?: boolean;
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly files?: Record<string, string>;
  readonly library?: Partial<Library>;
  readonly terminal?: ShellTerminal;
}

/** A host in memory, with a clock that only the test moves. */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const written = { stdout: '', stderr: '' };
  const files = new Map(Object.entries(options.files ?? {}));
  const signalListeners = new Set<(signal: 'SIGINT' | 'SIGTERM') => void>();
  const tickers = new Set<() => void>();
  let nowMs = 0;
  const host: FakeHost = {
    written,
    files,
    forced: undefined,
    columns: 80,
    advance: (ms) => {
      nowMs += ms;
    },
    send: (signal) => signalListeners.forEach((listener) => void listener(signal)),
    tick: () => tickers.forEach((callback) => void callback()),
    stdout: {
      write: (text) => {
        written.stdout += text;
      },
    },
    stderr: {
      isTTY: options.isTTY ?? false,
      size: () => ({ columns: host.columns, rows: 24 }),
      write: (text) => {
        written.stderr += text;
      },
    },
    env: options.env ?? {},
    findUnchanged: async () => undefined,
    loadLibrary: async () => fakeLibrary(options.library),
    readStdin: async () => options.stdin ?? '',
    stdin: async function* () {
      yield Buffer.from(options.stdin ?? '');
    },
    terminal: () => options.terminal,
    writeBytes: async (stream, bytes) => {
      written[stream] += Buffer.from(bytes).toString('utf8');
    },
    readFile: async (path) => files.get(path) ?? failWith('ENOENT', `no such file or directory, open '${path}'`),
    writeFile: async (path, content) => {
      if (path.startsWith('/forbidden/')) failWith('EACCES', `permission denied, open '${path}'`);
      files.set(path, content);
    },
    now: () => nowMs,
    every: (_ms, callback) => {
      tickers.add(callback);
      return () => void tickers.delete(callback);
    },
    onSignal: (listener) => {
      signalListeners.add(listener);
      return () => void signalListeners.delete(listener);
    },
    exit: (code) => {
      host.forced = code;
    },
  };
  return host;
}

/** A library whose builds succeed at once; every part can be replaced. */
function fakeLibrary(parts: Partial<Library> = {}): Library {
  return {
    build: async (options = {}) => fakeResult(options),
    parse: () => unexpected('parse'),
    initProject: () => unexpected('initProject'),
    sbom: () => unexpected('sbom'),
    toParseJson: () => unexpected('toParseJson'),
    toDump: () => unexpected('toDump'),
    check: () => unexpected('check'),
    checkReproducible: () => unexpected('checkReproducible'),
    examineHost: () => unexpected('examineHost'),
    explainLastBuild: () => unexpected('explainLastBuild'),
    fix: () => unexpected('fix'),
    lintViolation: () => unexpected('lintViolation'),
    toCheckJson: () => unexpected('toCheckJson'),
    toSarif: () => unexpected('toSarif'),
    enterKeptRun: () => unexpected('enterKeptRun'),
    listKeptRuns: () => unexpected('listKeptRuns'),
    outline: () => unexpected('outline'),
    formatOutline: () => unexpected('formatOutline'),
    plan: () => unexpected('plan'),
    formatGraph: () => unexpected('formatGraph'),
    formatGraphDot: () => unexpected('formatGraphDot'),
    toGraphJson: () => unexpected('toGraphJson'),
    copyImage: () => unexpected('copyImage'),
    inspectImage: () => unexpected('inspectImage'),
    login: () => unexpected('login'),
    logout: () => unexpected('logout'),
    listImages: async () => [],
    removeImage: async () => false,
    listCache: async () => [],
    pruneCache: () => unexpected('pruneCache'),
    pruneSharedCache: () => unexpected('pruneSharedCache'),
    verifyCache: () => unexpected('verifyCache'),
    isBuilderError,
    ...parts,
  };
}

export function fakeResult(options: BuildOptions, outputs: BuildResult['outputs'] = []): BuildResult {
  return {
    image: {
      descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: DIGEST, size: 7 },
      configDescriptor: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: CONFIG_DIGEST,
        size: 5,
      },
      config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
      layers: [],
    },
    images: [],
    names: options.tags ?? [],
    outputs,
    recipe: 'none',
    cached: 0,
    executed: 0,
  };
}

function failWith(code: string, message: string): never {
  throw Object.assign(new Error(`${code}: ${message}`), { code });
}

function unexpected(name: string): never {
  throw new Error(`${name} was not expected`);
}
