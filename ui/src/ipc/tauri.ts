/** The desktop: calls travel through Tauri. The only file that knows it. */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { AppEvent } from "./generated/types";
import { asApiError, CallError, type Transport } from "./transport";

let lastId = 0;

export function isTauri(): boolean {
  return "__TAURI_INTERNALS__" in window;
}

export const tauriTransport: Transport = {
  async call(name, request, signal) {
    // Only what may be left needs an id.
    const id = signal && ++lastId;
    const leave = () => void invoke("leave", { id });
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await invoke("call", { name, request, id });
    } catch (thrown) {
      throw new CallError(asApiError(thrown));
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  },

  listen(onEvent, onState) {
    let stop: (() => void) | undefined;
    let stopped = false;
    void listen<AppEvent>("steward", (message) => onEvent(message.payload)).then(
      (unlisten) => {
        if (stopped) unlisten();
        else stop = unlisten;
        onState(true);
      },
      () => onState(false),
    );
    return () => {
      stopped = true;
      stop?.();
    };
  },
};
