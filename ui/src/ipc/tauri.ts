/** The desktop: calls travel through Tauri. The only file that knows it. */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { AppEvent } from "./generated/types";
import { asApiError, CallError, type Transport } from "./transport";

export function isTauri(): boolean {
  return "__TAURI_INTERNALS__" in window;
}

export const tauriTransport: Transport = {
  async call(name, request) {
    try {
      return await invoke("call", { name, request });
    } catch (thrown) {
      throw new CallError(asApiError(thrown));
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
