import { ModelError } from '@ganport/model';

/** An engine or device that is not there. */
export class EngineError extends ModelError {
  override name = 'EngineError';
  /** Without the remedy, where another does. */
  readonly brief: string;
  readonly why: string;
  readonly remedy: string;

  constructor(what: string, { why, remedy }: { why: string; remedy: string }) {
    super(`${what}: ${why}; it needs ${remedy}`);
    this.brief = `${what}: ${why}`;
    this.why = why;
    this.remedy = remedy;
  }
}
