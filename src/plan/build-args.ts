export type BuildArgs = Readonly<Record<string, string>>;

/** Value of a `--build-arg`. Names such as `constructor` are not found in the prototype. */
export function buildArg(buildArgs: BuildArgs, name: string): string | undefined {
  return Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
}

/** Whether a build argument that speaks to the builder is on, such as BUILDKIT_MULTI_PLATFORM (reference, section 7). */
export function isBuilderSwitchOn(buildArgs: BuildArgs, name: string): boolean {
  return /^(?:1|t|true)$/i.test(buildArg(buildArgs, name) ?? '');
}

const PROXY_NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** The predefined proxy arguments that were given, each in upper and lower case (reference, section 7). */
export function proxyVariables(buildArgs: BuildArgs): readonly [name: string, value: string][] {
  return PROXY_NAMES.flatMap((name): [string, string][] => {
    const value = Object.entries(buildArgs).findLast(([key]) => key.toUpperCase() === name)?.[1];
    return value
      ? [
          [name, value],
          [name.toLowerCase(), value],
        ]
      : [];
  });
}
