import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { say } from './say.mjs';

/** Path of a program, also of one that only root has on its PATH. */
export function findProgram(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/local/sbin', '/usr/sbin', '/sbin');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end and gives its output. Its error output is shown only when it fails. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    ...options,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}\n${stderr ?? ''}`);
}

/** Starts a program that outlives this one. A service is its pid, when it started, and what the caller adds. */
export function startService(program, args, log) {
  const output = openSync(log, 'a');
  const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output] });
  child.unref();
  return describeProcess(child.pid);
}

export function describeProcess(pid) {
  return { pid, started: startTime(pid) };
}

/** Whether it is still that process, and not another one that was given its pid. */
export function isRunning({ pid, started }) {
  const now = startTime(pid);
  return now !== undefined && now === started;
}

/** Field 22 of proc(5) stat: clock ticks since boot. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export async function stopService(service) {
  if (!isRunning(service)) return;
  say(`stopping ${service.name} (pid ${service.pid})`);
  process.kill(service.pid, 'SIGTERM');
  if (!(await waitUntil(() => !isRunning(service), 20_000))) process.kill(service.pid, 'SIGKILL');
}

/** Asks every 100 ms; false when the time is up. */
export async function waitUntil(condition, timeoutMs) {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await delay(100)) {
    if (await condition()) return true;
  }
  return false;
}
