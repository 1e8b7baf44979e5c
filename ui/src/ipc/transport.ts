import type { CommandName, Commands } from "./generated/commands";
import type { ApiError, AppEvent, FileHandle } from "./generated/types";

/** How a call reaches the backend. One implementation per host. */
export interface Transport {
  /** With a signal the call is given up when it says so. */
  call<N extends CommandName>(
    name: N,
    request: Commands[N]["request"],
    signal?: AbortSignal,
  ): Promise<Commands[N]["response"]>;
  /** Follows what the backend tells without being asked. Returns the way to stop. */
  listen(onEvent: (event: AppEvent) => void, onState: (connected: boolean) => void): () => void;
  /** Hands a file of the browser to the backend; absent where files are picked natively. */
  upload?: (file: File) => Promise<FileHandle>;
  /** Prepares a file to export into; absent where files are picked natively. */
  saveTarget?: (name: string) => Promise<FileHandle>;
  /** Address of a finished export. */
  downloadUrl?: (file: FileHandle) => string;
}

const codes = new Set<string>([
  "noWorkspace",
  "badRequest",
  "notFound",
  "unreachable",
  "unauthorized",
  "locked",
  "forbidden",
  "conflict",
  "stalePlan",
  "unsupported",
  "newerVersion",
  "damaged",
  "cancelled",
  "internal",
]);

/** An error of the backend, thrown. */
export class CallError extends Error {
  readonly error: ApiError;

  constructor(error: ApiError) {
    super(error.message);
    this.name = "CallError";
    this.error = error;
  }
}

/** Whatever was thrown, as an error for people. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof CallError) return thrown.error;
  if (isApiError(thrown)) return thrown;
  const details = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: "internal", message: "Something went wrong inside Steward.", details };
}

export function isApiError(value: unknown): value is ApiError {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as { code?: unknown; message?: unknown };
  return (
    typeof candidate.code === "string" && codes.has(candidate.code) && typeof candidate.message === "string"
  );
}
