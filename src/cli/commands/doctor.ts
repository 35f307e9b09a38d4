import type { Command, CommandContext } from '../command.ts';
import { cacheDirOf, refuseArguments } from '../common-arguments.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { printable } from '../format.ts';
import type {
  BoundsReport,
  HostCheck,
  HostReport,
  IsolatedNetworkReport,
  MethodReport,
  SnapshotterReport,
} from '../library.ts';
import { CACHE_DIR_OPTION, DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { createPaint, type Paint } from '../paint.ts';
import { ReportedError } from '../reported-error.ts';

export const doctorCommand: Command = {
  usage: 'lamella doctor [--json]',
  details: [
    'Tries every way to isolate the commands of RUN, and with the best one how root file systems are made, whether commands can have a network of their own, and what keeps --memory and --pids-limit. Tells of what does not work why, and which command or setting would enable it. Exits with 9 when no method works.',
  ],
  options: [{ name: 'json', help: 'Print JSON', support: FULL }, CACHE_DIR_OPTION, DEBUG_OPTION, HELP_OPTION],
  examples: [
    { command: 'lamella doctor', does: 'what works here, and what would have to be done for the rest' },
    { command: 'lamella doctor --json', does: 'the same for programs' },
  ],
  run,
};

async function run({ args, host, library, signal }: CommandContext): Promise<void> {
  refuseArguments(args, 'doctor');
  const { examineHost } = await library();
  const report = await examineHost({ signal, ...cacheDirOf(args) });
  const paint = createPaint({ isTTY: host.stdout.isTTY === true }, host.env);
  host.stdout.write(args.on('json') ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report, paint));
  if (report.method === undefined) throw new ReportedError(exitCodeOf('host'));
}

function formatReport(report: HostReport, paint: Paint): string {
  const { methods, snapshotter, isolatedNetwork, bounds, checks } = report;
  const tell = createTeller(paint);
  const lines = [
    machineLine(report),
    '',
    verdict(report, paint),
    '',
    ...methods.flatMap((each) => tell(methodPart(each, paint))),
    '',
    ...(snapshotter === undefined ? [] : tell(snapshotterPart(snapshotter, paint))),
    ...(isolatedNetwork === undefined ? [] : tell(networkPart(isolatedNetwork, paint))),
    ...(bounds === undefined ? [] : tell(boundsPart(bounds, paint))),
    ...checks.flatMap((check) => tell(checkPart(check, paint))),
  ];
  return `${lines.join('\n')}\n`;
}

function verdict({ method, methods }: HostReport, paint: Paint): string {
  if (method !== undefined) return `${paint.green('RUN works here')}, isolated by ${method}.`;
  const chroot = methods.some(({ works }) => works) ? ' RUN works with --isolation chroot only.' : '';
  return `${paint.red('RUN does not work here by itself.')}${chroot} A Dockerfile without RUN can be built.`;
}

function machineLine({ machine }: HostReport): string {
  const { platform, architecture, release, node, user, container, runner } = machine;
  const around = [container && `${container} container`, runner && `${runner} runner`].filter((part) => part);
  const where = around.length === 0 ? '' : `, in a ${around.join(' of a ')}`;
  return `${platform} ${release} ${architecture}, Node ${node}, as ${user}${where}`;
}

const NAME_WIDTH = 21;
const INDENT = ' '.repeat(NAME_WIDTH + 2);

function methodPart({ method, works, gives, flavor, reason, output, remedies }: MethodReport, paint: Paint): Part {
  const limit = flavor === 'single-id' ? ' (with one id only)' : '';
  const state = works ? `${paint.green('works')}${limit}: ${gives}` : `${paint.red('no')}: ${reason ?? ''}`;
  return { name: method, state, output, remedies };
}

function snapshotterPart({ name, passedOver, remedies }: SnapshotterReport, paint: Paint): Part {
  const output = passedOver.map((why) => `not ${why}`);
  const state = name === 'overlay' ? paint.green(name) : paint.yellow(name);
  return { name: 'root file systems by', state, output, remedies };
}

function networkPart({ works, helper, reason, output, remedies }: IsolatedNetworkReport, paint: Paint): Part {
  const by = helper === undefined ? '' : `, by ${helper}`;
  const state = works
    ? `${paint.green('works')}: --network-mode isolated${by}`
    : `${paint.yellow('no')}: ${reason ?? ''}`;
  return { name: 'isolated network', state, output, remedies };
}

function boundsPart(bounds: BoundsReport, paint: Paint): Part {
  return { name: 'memory and processes', state: boundsState(bounds, paint), remedies: bounds.remedies };
}

function boundsState({ enforcedBy, reason = '' }: BoundsReport, paint: Paint): string {
  switch (enforcedBy) {
    case 'control-groups':
      return `${paint.green('control groups')} bind a command with all that it starts`;
    case 'process-limits':
      return `${paint.yellow('rlimits')} bind each process by itself: ${reason}`;
    case 'nothing':
      return `${paint.yellow('no limits')}: ${reason}`;
  }
}

function checkPart({ name, status, finding, remedies }: HostCheck, paint: Paint): Part {
  const state = { ok: paint.green('ok'), warning: paint.yellow('warning'), problem: paint.red('problem') }[status];
  return { name, state: `${state}: ${finding}`, remedies };
}

interface Part {
  readonly name: string;
  readonly state: string;
  readonly output?: readonly string[] | undefined;
  readonly remedies: readonly string[];
}

/** Gives the lines of one part after the other; remedies that an earlier one has are told by its name. */
function createTeller(paint: Paint): (part: Part) => string[] {
  const told = new Map<string, string>();
  return ({ name, state, output = [], remedies }) => {
    const key = remedies.join('\n');
    const earlier = told.get(key);
    if (!told.has(key)) told.set(key, name);
    const ways = earlier === undefined || key === '' ? remedies : [`as for ${earlier}`];
    return [
      `  ${name.padEnd(NAME_WIDTH)}${state}`,
      ...output.map((line) => paint.dim(`${INDENT}| ${printable(line)}`)),
      ...ways.map((way) => `${INDENT}${paint.cyan('→')} ${way}`),
    ];
  };
}
