/** Server state: one cache, keyed by command and request, emptied by what the backend says has changed. */
import {
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import {
  type ApiError,
  type AppEvent,
  asApiError,
  type CommandName,
  type Commands,
  call,
  commandsOfTopic,
} from "@/ipc";

export type Answer<N extends CommandName> = Commands[N]["response"];
export type Question<N extends CommandName> = Commands[N]["request"];

export const queryClient = new QueryClient({
  defaultOptions: {
    // Events keep the cache fresh; the short time catches what other programs wrote without telling.
    // The backend is on this machine: it answers whether or not there is a network.
    queries: { staleTime: 1000, retry: false, refetchOnWindowFocus: true, networkMode: "always" },
    mutations: { retry: false, networkMode: "always" },
  },
});

export function queryFor<N extends CommandName>(name: N, request: Question<N>, leave = false) {
  return {
    queryKey: [name, request] as const,
    queryFn: async (context: { signal: AbortSignal }): Promise<Answer<N>> => {
      try {
        // Who reads the signal has the question cancelled when nobody waits for its answer any more.
        return await call(name, request, leave ? context.signal : undefined);
      } catch (thrown) {
        throw asApiError(thrown);
      }
    },
  };
}

type CallOptions<A> = {
  enabled?: boolean;
  keep?: boolean;
  /** Asks again every few seconds while the answer says so: for what nobody tells of. */
  again?: (answer: A) => boolean;
  /** Given up as soon as nobody waits for it any more: for questions that take long. */
  leave?: boolean;
  /** How long an answer is taken as fresh, in ms: for what is expensive to ask and reported by events. */
  lasts?: number;
};
const againAfter = 5000;

/** Reads through the cache. With `keep` the last answer stays on screen while the next one is fetched. */
export function useCall<N extends CommandName>(
  name: N,
  request: Question<N>,
  options: CallOptions<Answer<N>> = {},
): UseQueryResult<Answer<N>, ApiError> {
  return useQuery<Answer<N>, ApiError, Answer<N>, readonly [N, Question<N>]>({
    ...queryFor(name, request, options.leave),
    enabled: options.enabled ?? true,
    ...(options.lasts === undefined ? {} : { staleTime: options.lasts }),
    ...(options.keep ? { placeholderData: keepPreviousData } : {}),
    refetchInterval: ({ state }) =>
      state.data !== undefined && options.again?.(state.data) ? againAfter : false,
  });
}

/** A call made when the person asks for it. */
export function useAction<N extends CommandName>(name: N) {
  return useMutation<Answer<N>, ApiError, Question<N>>({
    mutationFn: async (request) => {
      try {
        return await call(name, request);
      } catch (thrown) {
        throw asApiError(thrown);
      }
    },
  });
}

/** Which cached answers an event makes old. */
export function touchedBy(event: AppEvent, command: string, request: unknown): boolean {
  if (event.event !== "changed") return false;
  if (!commandsOfTopic[event.topic].includes(command as CommandName)) return false;
  if (event.topic === "quality" && command.startsWith("records.")) return usesFinding(request);
  const collection = (request as { collection?: unknown } | undefined)?.collection;
  return !event.collection || typeof collection !== "string" || collection === event.collection;
}

function usesFinding(request: unknown): boolean {
  return (request as { finding?: unknown } | undefined)?.finding !== undefined;
}

/** Asks again for everything that is on screen; the rest is asked when it is shown. */
export function refreshAll(client: QueryClient): Promise<void> {
  return client.invalidateQueries();
}

/** Applies an event of the backend to the cache. */
export function applyEvent(client: QueryClient, event: AppEvent): void {
  if (event.event === "workspaceChanged") {
    void client.resetQueries({ predicate: (query) => query.queryKey[0] !== "app.info" });
  } else if (event.event === "missed") {
    void refreshAll(client);
  } else if (event.event === "changed") {
    void client.invalidateQueries({
      predicate: (query) => touchedBy(event, String(query.queryKey[0]), query.queryKey[1]),
    });
  }
}
