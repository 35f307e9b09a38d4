import { closeInherited } from './descriptors.ts';
import { HostServer } from './server.ts';

/** The sandbox host: speaks the protocol of src/rootfs/host-messages.ts on its standard input and output. */
process.umask(0o022);
closeInherited();
const server = new HostServer((frame) => process.stdout.write(frame));
process.stdin.on('data', (chunk: Buffer) => server.receive(chunk));
// Whoever started this process is gone.
process.stdin.on('end', () => process.exit(0));
