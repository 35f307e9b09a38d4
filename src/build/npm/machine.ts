import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environment, homeDir, nodeProgram } from '../../io/host.ts';
import { npmContentFolder } from '../../npm/content-folder.ts';
import { type Npmrc, parseNpmrc } from '../../npm/npmrc.ts';
import { type SettingLayers, settingOf } from '../../npm/settings.ts';

/** npm as it is set up on this machine: its registries, credentials, proxies and cache. None of it is written anywhere. */
export interface NpmMachine {
  readonly settings: SettingLayers;
  /** Content folder of npm's cache. */
  readonly contentFolder: string;
}

const FROM_ENVIRONMENT = ['registry', 'cache', 'proxy', 'https-proxy', 'noproxy', 'cafile', 'strict-ssl'];

export function readNpmMachine(): NpmMachine {
  const user = environment('npm_config_userconfig') ?? join(homeDir(), '.npmrc');
  const settings = [environmentSettings(), readNpmrc(user), readNpmrc(globalConfig())];
  const cache = settingOf(settings, 'cache')?.toString() ?? join(homeDir(), '.npm');
  return { settings, contentFolder: npmContentFolder(cache) };
}

function environmentSettings(): Npmrc {
  const found = FROM_ENVIRONMENT.flatMap((key) => {
    const name = `npm_config_${key.replaceAll('-', '_')}`;
    const value = environment(name) ?? environment(name.toUpperCase());
    return value === undefined ? [] : [[key, value] as const];
  });
  return new Map(found);
}

/** npm's own place for it: beside the Node that it runs with. */
function globalConfig(): string {
  return environment('npm_config_globalconfig') ?? join(dirname(dirname(nodeProgram())), 'etc', 'npmrc');
}

function readNpmrc(path: string): Npmrc {
  try {
    return parseNpmrc(readFileSync(path, 'utf8'), environment);
  } catch {
    return new Map();
  }
}
