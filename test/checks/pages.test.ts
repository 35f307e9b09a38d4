import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { CHECK_RULES } from '../../src/checks/check-rules.ts';
import { checkText, contextOf } from '../support/checks.ts';

const ROOT = join(import.meta.dirname, '../..');

const context = contextOf('src/app.js', 'package.json');
const options = {
  context,
  ignored: ['*.log'],
  buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'experimental=all' },
};

function example(page: string, title: string): string {
  const [, block] = new RegExp(`^${title}:\\n\\n\`\`\`dockerfile\\n(.*?)^\`\`\``, 'ms').exec(page) ?? [];
  if (block === undefined) throw new Error(`no example ${title}`);
  return block;
}

describe.for(CHECK_RULES)('the page of $name', ({ name, page, description }) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  it('begins with name and description', () => {
    expect(text.replaceAll('`', '')).toMatch(new RegExp(`^# ${name}\n\n`));
    expect(text.replaceAll('`', '')).toContain(`\n\n${description}\n\n`);
  });

  it('has a wrong example that breaks the rule, and a right one that breaks none', () => {
    expect(checkText(example(text, 'Wrong'), options).map(({ code }) => code)).toContain(name);
    expect(checkText(example(text, 'Right'), options)).toEqual([]);
  });
});

test('every page belongs to a rule and stands in the list', () => {
  const names = CHECK_RULES.map(({ name }) => name);
  const files = readdirSync(join(ROOT, 'docs/checks')).filter((file) => file !== 'README.md');
  expect(files.map((file) => file.replace('.md', '')).sort()).toEqual(names.toSorted());
  const list = readFileSync(join(ROOT, 'docs/checks/README.md'), 'utf8');
  expect([...list.matchAll(/^\| \[(\w+)\]/gm)].map((match) => match[1])).toEqual(names);
});
