/** Measures a collection and says how it went. */
import { useState } from "react";
import { asApiError, call } from "@/ipc";
import { queryClient } from "@/shared/data/queries";
import { outcomeOf } from "@/shared/jobs/jobs";
import { showError } from "@/shared/ui";

export function useMeasure(collection: string) {
  const [busy, setBusy] = useState(false);
  const measure = async () => {
    setBusy(true);
    try {
      await outcomeOf(await call("quality.measure", { collection }), "quality");
      await queryClient.invalidateQueries({ queryKey: ["quality.last"] });
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return { busy, measure: () => void measure() };
}
