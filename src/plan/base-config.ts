import type { ImageConfig } from '../core/image.ts';
import type { Platform } from '../core/platform.ts';
import { envValue } from './scope.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The configuration that `FROM scratch` starts with (reference, section 8). */
export function scratchConfig(platform: Platform): ImageConfig {
  return withPlatform(
    {
      architecture: platform.architecture,
      os: platform.os,
      config: { Env: [`PATH=${DEFAULT_PATH}`], WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [] },
    },
    platform,
  );
}

/** What a stage inherits from its base (reference, section 8): not `created`, not OnBuild, and always a PATH. */
export function inheritConfig({ created: _created, ...config }: ImageConfig): ImageConfig {
  const { OnBuild: _triggers, ...runtime } = config.config ?? {};
  const env = runtime.Env ?? [];
  const hasPath = config.os === 'windows' || envValue(env, 'PATH') !== undefined;
  return { ...config, config: { ...runtime, Env: hasPath ? env : [...env, `PATH=${DEFAULT_PATH}`] } };
}

/** `--label`: set over the labels of the Dockerfile, without a history item (reference, section 18). */
export function applyLabels(config: ImageConfig, labels: Readonly<Record<string, string>>): ImageConfig {
  if (Object.keys(labels).length === 0) return config;
  return { ...config, config: { ...config.config, Labels: { ...config.config?.Labels, ...labels } } };
}

/** The platform of the image, when the caller asked for one: it wins over the base's (reference, section 18). */
export function withPlatform(config: ImageConfig, platform: Platform): ImageConfig {
  const { variant: _variant, 'os.version': _version, ...rest } = config;
  return {
    ...rest,
    architecture: platform.architecture,
    ...(platform.variant !== undefined && { variant: platform.variant }),
    os: platform.os,
    ...(platform.osVersion !== undefined && { 'os.version': platform.osVersion }),
  };
}
