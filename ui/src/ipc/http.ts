/** The web page of `steward serve`: calls travel over HTTP on the same origin, events as server-sent events. */
import type { AppEvent, FileHandle } from "./generated/types";
import { CallError, isApiError, type Transport } from "./transport";

const storageKey = "steward.token";
const retryAfter = 1000;

/** Moves the token of the address into the session, so that it is neither copied nor kept in the history. */
export function takeToken(): void {
  const match = /^#\/?token=([^&]+)/.exec(window.location.hash);
  if (!match?.[1]) return;
  sessionStorage.setItem(storageKey, decodeURIComponent(match[1]));
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
}

function token(): string {
  return sessionStorage.getItem(storageKey) ?? "";
}

async function post<T>(path: string, body: BodyInit, type: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { authorization: `Bearer ${token()}`, "content-type": type },
      body,
      ...(signal ? { signal } : {}),
    });
  } catch {
    throw new CallError({
      code: "unreachable",
      message: "Steward is not responding.",
      hint: "Check that `steward serve` is still running, then try again.",
    });
  }
  if (response.ok) return (await response.json()) as T;
  throw new CallError(await readError(response));
}

async function readError(response: Response) {
  const text = await response.text();
  try {
    const parsed: unknown = JSON.parse(text);
    if (isApiError(parsed)) return parsed;
  } catch {
    // Not JSON: reported below.
  }
  if (response.status === 401 || response.status === 403) {
    return {
      code: "unauthorized" as const,
      message: "This page has no valid token for Steward.",
      hint: "Reopen the address that `steward serve` printed.",
    };
  }
  return {
    code: "internal" as const,
    message: "Steward sent a response that cannot be read.",
    details: `HTTP ${response.status}`,
  };
}

export const httpTransport: Transport = {
  call(name, request, signal) {
    return post(`/api/call/${name}`, JSON.stringify(request), "application/json", signal);
  },

  listen(onEvent, onState) {
    let source: EventSource;
    let retry: number | undefined;
    const open = () => {
      source = new EventSource(`/api/events?token=${encodeURIComponent(token())}`);
      source.onopen = () => onState(true);
      source.onmessage = (message: MessageEvent<string>) => onEvent(JSON.parse(message.data) as AppEvent);
      // The browser tries again by itself after some failures and gives up after others: here it is always tried.
      source.onerror = () => {
        source.close();
        onState(false);
        retry = window.setTimeout(open, retryAfter);
      };
    };
    open();
    return () => {
      window.clearTimeout(retry);
      source.close();
    };
  },

  upload(file) {
    return post<FileHandle>(
      `/api/upload?name=${encodeURIComponent(file.name)}`,
      file,
      "application/octet-stream",
    );
  },

  saveTarget(name) {
    return post<FileHandle>(`/api/save-target?name=${encodeURIComponent(name)}`, "", "text/plain");
  },

  downloadUrl(file) {
    return `/api/download/${encodeURIComponent(file.id)}?token=${encodeURIComponent(token())}`;
  },
};
