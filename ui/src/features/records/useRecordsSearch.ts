/** The address of the records page: reading it and changing parts of it. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { RecordsSearch } from "@/shared/nav";

export function useRecordsSearch() {
  const search = useSearch({ from: "/records" });
  const navigate = useNavigate({ from: "/records" });
  /** `undefined` takes a part away. Opening and closing a record can be walked back; typing cannot. */
  const change = useCallback(
    (part: { [K in keyof RecordsSearch]: RecordsSearch[K] | undefined }, replace = false) => {
      void navigate({
        search: (now) =>
          Object.fromEntries(
            Object.entries({ ...now, ...part }).filter(([, value]) => value !== undefined),
          ) as RecordsSearch,
        replace,
      });
    },
    [navigate],
  );
  return { search, change };
}
