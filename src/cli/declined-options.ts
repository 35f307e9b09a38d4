import type { OptionRow, Support } from './option-row.ts';

function noEffect(why: string): Support {
  return { kind: 'no-effect', why };
}

function refused(instead: string, except?: readonly string[]): Support {
  return { kind: 'refused', instead, ...(except !== undefined && { except }) };
}

const NO_PLACEMENT = noEffect('commands of RUN use the processors and memory nodes of the calling process');
const NO_CONTAINERS = noEffect('lamella leaves no containers behind');
const NO_SERVER = refused('the build runs in this process, there is no server to configure: leave the option out');
const NO_DEBUGGER = refused(
  '--on-error=shell opens a shell in a failed RUN, --on-error=keep keeps it for `lamella shell`',
);
const NO_ATTESTATIONS =
  'lamella writes no attestations yet: leave it out, or attach them to the pushed digest with a tool of your choice';

const WITHOUT_EFFECT: readonly OptionRow[] = [
  { name: 'builder', value: 'NAME', help: 'Builder instance', support: noEffect('lamella has no builder instances') },
  {
    name: 'cgroup-parent',
    value: 'CGROUP',
    help: 'Parent cgroup of RUN',
    support: noEffect('commands of RUN stay in the cgroup of the calling process'),
  },
  { name: 'compress', help: 'Compress the build context', support: noEffect('the build context is not sent anywhere') },
  { name: 'cpuset-cpus', value: 'CPUS', help: 'CPUs to use', support: NO_PLACEMENT },
  { name: 'cpuset-mems', value: 'NODES', help: 'Memory nodes to use', support: NO_PLACEMENT },
  {
    name: 'disable-content-trust',
    help: 'Skip image verification',
    support: noEffect('lamella verifies digests, not signatures'),
  },
  { name: 'force-rm', help: 'Remove intermediate containers', support: NO_CONTAINERS },
  { name: 'rm', help: 'Remove intermediate containers', support: NO_CONTAINERS },
];

const REFUSED: readonly OptionRow[] = [
  {
    name: 'attest',
    value: 'SPEC',
    repeatable: true,
    help: 'Attestations',
    support: refused(NO_ATTESTATIONS, ['type=provenance,disabled=true', 'type=sbom,disabled=true']),
  },
  {
    name: 'provenance',
    value: 'SPEC',
    help: 'Provenance',
    support: refused(`${NO_ATTESTATIONS}; --provenance=false is accepted`, ['false']),
  },
  {
    name: 'sbom',
    value: 'SPEC',
    help: 'Bill of materials',
    support: refused(`${NO_ATTESTATIONS}; --sbom=false is accepted`, ['false']),
  },
  {
    name: 'print',
    value: 'METHOD',
    help: 'Evaluate instead of building',
    support: refused('use --check, `lamella outline` or `lamella graph`'),
  },
  {
    name: 'policy',
    value: 'SPEC',
    repeatable: true,
    help: 'Build policy',
    support: refused('lamella evaluates no policies: pin sources by digest (FROM name@sha256:…, ADD --checksum)'),
  },
  {
    name: 'detach',
    help: 'Detach the build server',
    support: refused('the build runs in this process, there is no server to detach: leave the option out', ['false']),
  },
  { name: 'root', value: 'DIR', help: 'Folder of the build server', support: NO_SERVER },
  { name: 'server-config', value: 'FILE', help: 'Configuration of the build server', support: NO_SERVER },
  { name: 'invoke', value: 'SPEC', help: 'Debug the build', support: NO_DEBUGGER },
  { name: 'on', value: 'WHEN', help: 'When to debug the build', support: NO_DEBUGGER },
];

/** Options of `docker buildx build` that do nothing here or are refused, and why. */
export const DECLINED_OPTIONS: readonly OptionRow[] = [...WITHOUT_EFFECT, ...REFUSED];
