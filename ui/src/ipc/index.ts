/** The one door to the backend: typed calls, events, files. */
import type { CommandName, Commands } from "./generated/commands";
import { httpTransport, takeToken } from "./http";
import { isTauri, tauriTransport } from "./tauri";
import type { Transport } from "./transport";

export type { Ext, ExtObject } from "./ext";
export { type CommandName, type Commands, commandClass, commandsOfTopic } from "./generated/commands";
export type * from "./generated/types";
export { asApiError, CallError } from "./transport";

let transport: Transport = httpTransport;

/** Chooses how calls travel. To be called before anything is drawn. */
export function connect(): void {
  if (isTauri()) {
    transport = tauriTransport;
  } else {
    takeToken();
    transport = httpTransport;
  }
}

export function call<N extends CommandName>(
  name: N,
  request: Commands[N]["request"],
  signal?: AbortSignal,
): Promise<Commands[N]["response"]> {
  return transport.call(name, request, signal);
}

export function listenToBackend(...handlers: Parameters<Transport["listen"]>): () => void {
  return transport.listen(...handlers);
}

export function fileTransfer(): Pick<Transport, "upload" | "saveTarget" | "downloadUrl"> {
  return transport;
}
