import type { Outline, OutlineArg, OutlineMount, OutlineSecret, OutlineStage } from './outline.ts';

/** An outline as text, a block for each stage. */
export function formatOutline(outline: Outline): string {
  const head = [`platform ${outline.platform}, target ${outline.target}`];
  const global = section('arguments of FROM', outline.args.map(formatArg));
  return [[...head, ...global], ...outline.stages.map((stage) => formatStage(stage, outline))]
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function formatStage(stage: OutlineStage, { target }: Outline): readonly string[] {
  const { index, name, description, base, platform, needed } = stage;
  const title = [
    `stage ${index}`,
    ...(name === undefined ? [] : [JSON.stringify(name)]),
    ...((name ?? String(index)) === target ? ['(target)'] : []),
  ].join(' ');
  const facts = [title, base, ...(platform === undefined ? [] : [platform]), ...(needed ? [] : ['not needed'])];
  return [
    facts.join(', '),
    ...(description === undefined ? [] : [`  ${description}`]),
    ...section('arguments', stage.args.map(formatArg)),
    ...section('secrets', stage.secrets.map(formatSecret)),
    ...section(
      'ssh',
      stage.ssh.map(({ id, required }) => `${id}${required ? ', required' : ''}`),
    ),
    ...section('mounts', stage.mounts.map(formatMount)),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}

function formatArg({ name, default: fallback, value, description }: OutlineArg): string {
  const given = value === fallback ? undefined : value;
  const parts = [
    fallback === undefined ? name : `${name}=${fallback}`,
    ...(given === undefined ? [] : [`(now ${JSON.stringify(given)})`]),
    ...(description === undefined ? [] : [`- ${description}`]),
  ];
  return parts.join(' ');
}

function formatSecret({ id, required, target, env }: OutlineSecret): string {
  const parts = [id, target ?? [], env === undefined ? [] : `as $${env}`, required ? 'required' : []];
  return parts.flat().join(', ');
}

function formatMount({ type, target, id, from }: OutlineMount): string {
  const parts = [`${type} ${target}`, from === undefined ? [] : `from ${from}`, id === undefined ? [] : `id ${id}`];
  return parts.flat().join(', ');
}
