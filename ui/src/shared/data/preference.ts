/** A small preference of this machine. */
import { useCallback, useState } from "react";

export function usePreference(name: string, standard: boolean) {
  const key = `steward.${name}`;
  const [value, setValue] = useState(() => (localStorage.getItem(key) ?? String(standard)) === "true");
  const change = useCallback(
    (next: boolean) => {
      setValue(next);
      localStorage.setItem(key, String(next));
    },
    [key],
  );
  return [value, change] as const;
}
