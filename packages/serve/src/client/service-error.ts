/** What the service refuses, or what keeps it from being asked. */
export class ServiceError extends Error {
  override name = 'ServiceError';
  /** Of HTTP; 0 where there was no answer, or no whole one. */
  readonly status: number;
  /** HTTP's words for the status; `unreachable` and `cut_off` where there is none, `not_understood` for another's answer. */
  readonly code: string;
  /** What the server's log calls the request. */
  readonly requestId: string | undefined;

  constructor(
    message: string,
    {
      status = 0,
      code,
      requestId,
      cause,
    }: { status?: number; code: string; requestId?: string | undefined; cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}
