import { type CstNode, CstParser, type ParserMethod } from 'chevrotain';
import * as tokens from './tokens.ts';

type Rule = ParserMethod<[], CstNode>;

/**
 * The Dockerfile language over the tokens of the lexer. It says which arguments an instruction has to have; what they
 * mean is the visitor's. An instruction that does not fit is given up at the end of its line, and the next one is read.
 * The nodes that it makes are described in `cst.ts`.
 */
export class DockerfileParser extends CstParser {
  /** Chevrotain's checks of the grammar take longer than a Dockerfile, and nothing but a change of ours makes them fail. */
  constructor({ skipValidations = true }: { readonly skipValidations?: boolean } = {}) {
    super([...tokens.VOCABULARY], { recoveryEnabled: true, maxLookahead: 1, skipValidations });
    this.performSelfAnalysis();
  }

  readonly dockerfile: Rule = this.RULE('dockerfile', () => {
    this.MANY(() =>
      this.OR([
        { ALT: () => this.CONSUME(tokens.Bom) },
        { ALT: () => this.CONSUME(tokens.BlankLine) },
        { ALT: () => this.CONSUME(tokens.CommentLine) },
        { ALT: () => this.SUBRULE(this.instruction) },
      ]),
    );
  });

  readonly instruction: Rule = this.RULE('instruction', () => {
    this.OR([{ ALT: () => this.SUBRULE(this.onbuild) }, { ALT: () => this.SUBRULE(this.clause) }]);
    this.CONSUME(tokens.LineEnd);
    this.MANY(() =>
      this.OR1([{ ALT: () => this.CONSUME(tokens.HeredocBody) }, { ALT: () => this.CONSUME(tokens.HeredocEnd) }]),
    );
  });

  readonly onbuild: Rule = this.RULE('onbuild', () => {
    this.CONSUME(tokens.OnbuildKeyword);
    this.SUBRULE(this.flags);
    this.OR([
      { ALT: () => this.SUBRULE(this.clause) },
      {
        ALT: () => {
          this.CONSUME(tokens.ForbiddenTrigger);
          this.OPTION(() => this.CONSUME(tokens.Text));
        },
      },
    ]);
  });

  /** What may stand at the start of a line and behind ONBUILD. */
  readonly clause: Rule = this.RULE('clause', () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.files) },
      { ALT: () => this.SUBRULE(this.words) },
      { ALT: () => this.SUBRULE(this.text) },
      { ALT: () => this.SUBRULE(this.command) },
      { ALT: () => this.SUBRULE(this.healthcheck) },
      { ALT: () => this.SUBRULE(this.unknown) },
    ]);
  });

  readonly list: Rule = this.RULE('list', () => {
    this.CONSUME(tokens.ListKeyword);
    this.SUBRULE(this.flags);
    this.AT_LEAST_ONE(() => this.CONSUME(tokens.Item));
  });

  readonly files: Rule = this.RULE('files', () => {
    this.CONSUME(tokens.FilesKeyword);
    this.SUBRULE(this.flags);
    this.OR([
      { ALT: () => this.CONSUME(tokens.Json) },
      { ALT: () => this.AT_LEAST_ONE(() => this.CONSUME(tokens.Item)) },
    ]);
  });

  readonly words: Rule = this.RULE('words', () => {
    this.CONSUME(tokens.WordsKeyword);
    this.SUBRULE(this.flags);
    this.AT_LEAST_ONE(() => this.CONSUME(tokens.Word));
  });

  readonly text: Rule = this.RULE('text', () => {
    this.CONSUME(tokens.TextKeyword);
    this.SUBRULE(this.flags);
    this.CONSUME(tokens.Text);
  });

  readonly command: Rule = this.RULE('command', () => {
    this.CONSUME(tokens.CommandKeyword);
    this.SUBRULE(this.flags);
    this.OPTION(() => {
      this.OR([{ ALT: () => this.CONSUME(tokens.Json) }, { ALT: () => this.CONSUME(tokens.Text) }]);
    });
  });

  readonly healthcheck: Rule = this.RULE('healthcheck', () => {
    this.CONSUME(tokens.HealthcheckKeyword);
    this.SUBRULE(this.flags);
    this.OR([
      {
        ALT: () => {
          this.CONSUME(tokens.HealthcheckNone);
          this.MANY(() => this.CONSUME(tokens.Item));
        },
      },
      {
        ALT: () => {
          this.CONSUME(tokens.HealthcheckCmd);
          this.OR1([{ ALT: () => this.CONSUME(tokens.Json) }, { ALT: () => this.CONSUME(tokens.Text) }]);
        },
      },
    ]);
  });

  readonly unknown: Rule = this.RULE('unknown', () => {
    this.CONSUME(tokens.UnknownKeyword);
    this.OPTION(() => this.CONSUME(tokens.Text));
  });

  readonly flags: Rule = this.RULE('flags', () => {
    this.MANY(() => this.CONSUME(tokens.Flag));
    this.OPTION(() => this.CONSUME(tokens.FlagsEnd));
  });

  protected override canTokenTypeBeInsertedInRecovery(): boolean {
    return false;
  }

  protected override canTokenTypeBeDeletedInRecovery(): boolean {
    return false;
  }
}
