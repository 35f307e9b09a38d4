import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { findProgram, firstLine } from '../services/programs.ts';

const PROGRAMS: Readonly<Record<string, string>> = {
  tar: '--version',
  pigz: '--version',
  zstd: '--version',
  crun: '--version',
  unshare: '--version',
};

/** What the numbers depend on, one sentence each. */
export function describeMachine(): string[] {
  const models = [...new Set(cpus().map(({ model }) => model.trim()))].join(', ');
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  const { node, zlib, zstd } = process.versions;
  return [
    `${cpus().length} cores (${models}), ${memory}, Linux ${release()}; load average ${loadavg()[0]?.toFixed(2)} at the start.`,
    `Node ${node}, zlib ${zlib}, zstd ${zstd}; beside it ${programVersions().join(', ')}.`,
  ];
}

function programVersions(): string[] {
  return Object.entries(PROGRAMS).flatMap(([name, flag]) => {
    const program = findProgram(name);
    const version = program === undefined ? undefined : firstLine(program, [flag])?.match(/\d+\.\d[\d.]*/)?.[0];
    return version === undefined ? [] : [`${name} ${version}`];
  });
}

/** The commit that was measured; says when the files are not those of the commit. */
export function describeCommit(repository: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const edited = git('status', '--porcelain', '--', 'src', 'bin', 'bench') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${edited ? ' with edits' : ''}`;
  } catch {
    return 'unknown';
  }
}
