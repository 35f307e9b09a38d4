import { usageError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import type { LoginOptions } from '../library.ts';
import { DEBUG_OPTION, FULL, HELP_OPTION, REGISTRY_OPTIONS } from '../option-row.ts';
import type { Arguments } from '../parse-arguments.ts';
import { registryOptionsOf } from '../registry-request.ts';

export const loginCommand: Command = {
  usage: 'lamella login -u USER --password-stdin [REGISTRY]',
  details: [
    'Shows user and password to the registry (host[:port]) and keeps them when it takes them: with the credential helper that the docker configuration names for it, else in that file, which only you can read. Without REGISTRY it is the one that names without a registry mean.',
    'docker, podman and other tools use the same file: $REGISTRY_AUTH_FILE, else $DOCKER_CONFIG/config.json, else ~/.docker/config.json.',
  ],
  options: [
    { name: 'username', short: 'u', value: 'USER', help: 'The user', support: FULL },
    { name: 'password-stdin', help: 'Read the password, or a token, from standard input', support: FULL },
    {
      name: 'password',
      short: 'p',
      value: 'TEXT',
      help: 'The password; other users of this machine can see it',
      support: FULL,
    },
    ...REGISTRY_OPTIONS,
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [
    { command: 'lamella login -u ann --password-stdin registry.example.com < token', does: 'log in for pull and push' },
  ],
  run: runLogin,
};

export const logoutCommand: Command = {
  usage: 'lamella logout [REGISTRY]',
  details: ['Removes user and password of the registry from the docker configuration or its credential helper.'],
  options: [DEBUG_OPTION, HELP_OPTION],
  examples: [{ command: 'lamella logout registry.example.com', does: 'log out' }],
  run: runLogout,
};

async function runLogin({ args, host, library, signal }: CommandContext): Promise<void> {
  const registry = registryOf(args);
  const username = args.last('username');
  if (username === undefined || username === '') {
    throw usageError('OPTION_NO_USER', 'login needs a user', 'write -u USER --password-stdin');
  }
  const password = args.on('password-stdin') ? await readPassword(host.readStdin) : args.last('password');
  if (password === undefined || password === '') {
    throw usageError(
      'OPTION_NO_PASSWORD',
      'login needs a password',
      'write it into the command: … --password-stdin < FILE',
    );
  }
  const options: LoginOptions = { registry: registryOptionsOf(args), signal };
  const { login } = await library();
  const { registry: name, file, helper } = await login(registry, { username, password }, options);
  const place = helper === undefined ? file : `docker-credential-${helper}`;
  host.stderr.write(`logged in to ${name} as ${username}; kept in ${place}\n`);
}

async function runLogout({ args, host, library }: CommandContext): Promise<void> {
  const { logout } = await library();
  const { registry } = await logout(registryOf(args));
  host.stderr.write(`logged out of ${registry}\n`);
}

function registryOf({ positionals }: Arguments): string {
  const [registry = '', ...more] = positionals;
  if (more.length === 0) return registry;
  throw usageError(
    'OPTION_TOO_MANY_ARGUMENTS',
    `one registry at a time, not also ${more.join(', ')}`,
    'run it for each',
  );
}

/** `echo` and editors end a file with a line end, which is no part of a password. */
async function readPassword(readStdin: () => Promise<string>): Promise<string> {
  return (await readStdin()).replace(/\r?\n$/, '');
}
