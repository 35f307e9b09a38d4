import type { Command } from '../command.ts';

export interface CommandEntry {
  /** One word, or two for what is done with a part of lamella. */
  readonly name: string;
  readonly summary: string;
  /** A command pays at start-up for itself only. */
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'build',
    summary: 'Build an image from a Dockerfile',
    load: async () => (await import('./build.ts')).buildCommand,
  },
  {
    name: 'shell',
    summary: 'Enter the root that a failed RUN left',
    load: async () => (await import('./shell.ts')).shellCommand,
  },
  {
    name: 'parse',
    summary: 'Read a Dockerfile and print its instructions',
    load: async () => (await import('./parse.ts')).parseCommand,
  },
  {
    name: 'check',
    summary: 'Look for what is wrong or doubtful in a Dockerfile',
    load: async () => (await import('./check.ts')).checkCommand,
  },
  {
    name: 'outline',
    summary: 'List the stages, arguments, secrets and mounts of a Dockerfile',
    load: async () => (await import('./outline.ts')).outlineCommand,
  },
  {
    name: 'graph',
    summary: 'Show what the stages of a Dockerfile need of each other',
    load: async () => (await import('./graph.ts')).graphCommand,
  },
  {
    name: 'pull',
    summary: 'Bring an image of a registry into the local store',
    load: async () => (await import('./pull.ts')).pullCommand,
  },
  {
    name: 'push',
    summary: 'Push an image of the local store',
    load: async () => (await import('./push.ts')).pushCommand,
  },
  {
    name: 'copy',
    summary: 'Copy an image between registries, layouts, archives and engines',
    load: async () => (await import('./copy.ts')).copyCommand,
  },
  {
    name: 'tag',
    summary: 'Give an image one more name',
    load: async () => (await import('./tag.ts')).tagCommand,
  },
  {
    name: 'inspect',
    summary: 'Show manifest, platforms and configuration of an image',
    load: async () => (await import('./inspect.ts')).inspectCommand,
  },
  {
    name: 'login',
    summary: 'Keep user and password of a registry',
    load: async () => (await import('./login.ts')).loginCommand,
  },
  {
    name: 'logout',
    summary: 'Forget user and password of a registry',
    load: async () => (await import('./login.ts')).logoutCommand,
  },
  {
    name: 'images',
    summary: 'List the images of the local store',
    load: async () => (await import('./images.ts')).imagesCommand,
  },
  {
    name: 'rm',
    summary: 'Remove names from the local store',
    load: async () => (await import('./rm.ts')).rmCommand,
  },
  {
    name: 'init',
    summary: 'Print a Dockerfile for a Node project',
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    name: 'sbom',
    summary: 'Print the bill of materials of what a package-lock.json installs',
    load: async () => (await import('./sbom.ts')).sbomCommand,
  },
  {
    name: 'cache du',
    summary: 'Say what the build cache takes, by kind',
    load: async () => (await import('./cache-du.ts')).cacheDuCommand,
  },
  {
    name: 'cache ls',
    summary: 'List what the build cache holds',
    load: async () => (await import('./cache-ls.ts')).cacheLsCommand,
  },
  {
    name: 'cache explain',
    summary: 'Say why steps of the last build were not in the cache',
    load: async () => (await import('./cache-explain.ts')).cacheExplainCommand,
  },
  {
    name: 'cache prune',
    summary: 'Take out of the build cache what is not needed',
    load: async () => (await import('./cache-prune.ts')).cachePruneCommand,
  },
  {
    name: 'cache verify',
    summary: 'Look for damage in the build cache and the local store',
    load: async () => (await import('./cache-verify.ts')).cacheVerifyCommand,
  },
  {
    name: 'doctor',
    summary: 'Tell what this machine can do, and how it could do more',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
];
