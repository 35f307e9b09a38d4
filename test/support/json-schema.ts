import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;
type Validate = (value: unknown) => readonly string[];

export function readSchema(path: string): Schema {
  return JSON.parse(readFileSync(path, 'utf8')) as Schema;
}

/** Complaints about a value, each with its place. */
export function validator(schema: Schema, others: ReadonlyMap<string, Schema> = new Map()): Validate {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Formats of addresses in other scripts, which ajv does not know.
  for (const format of ['idn-email', 'iri-reference']) ajv.addFormat(format, true);
  for (const [address, other] of others) ajv.addSchema(other, address);
  const validate = ajv.compile(schema);
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
