import { pack } from 'tar-stream';

/** What a tar holds at a path: text of a file with mode 0644, or an entry as tar-stream has it. */
export type TarMember =
  | string
  | { readonly header: Partial<Parameters<ReturnType<typeof pack>['entry']>[0]>; readonly text?: string };

/** A tar archive of members in their order; written with other code than lamella's own. */
export async function tarOf(members: Readonly<Record<string, TarMember>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, member] of Object.entries(members)) {
    const { header, text } = typeof member === 'string' ? { header: {}, text: member } : member;
    tar.entry({ name, mtime: new Date(1_700_000_000_000), ...header }, text ?? '');
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
