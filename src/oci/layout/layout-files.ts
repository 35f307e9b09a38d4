import { formatJson } from '../image/json.ts';

/** Names and contents that image-spec, image-layout.md, prescribes. */
export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';
export const BLOBS: string = 'blobs/sha256';
export const LAYOUT_CONTENT: Uint8Array = formatJson({ imageLayoutVersion: '1.0.0' });
