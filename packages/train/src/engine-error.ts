import { ModelError } from '@ganport/model';
import type { EngineName } from '@ganport/model/node';
import type { Device } from '@ganport/runtime/node';

/** An engine that is not there, or does not train on a device. */
export class EngineError extends ModelError {
  override name = 'EngineError';
  /** Without the remedy, where another engine does. */
  readonly brief: string;
  readonly why: string;
  readonly remedy: string;

  constructor(
    engine: EngineName,
    device: Device,
    { why, remedy }: { why: string; remedy: string },
  ) {
    super(`${engine} does not train on ${device}: ${why}; it needs ${remedy}`);
    this.brief = `${engine} on ${device}: ${why}`;
    this.why = why;
    this.remedy = remedy;
  }
}
