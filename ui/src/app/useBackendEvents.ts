/** Listens to the backend for as long as the window is open. Answers whether it is connected. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { type AppEvent, listenToBackend } from "@/ipc";
import { applyEvent, queryClient, refreshAll } from "@/shared/data/queries";
import { offerDropped } from "@/shared/files";
import { applyJob } from "@/shared/jobs/jobs";

export function useBackendEvents(): boolean {
  const [connected, setConnected] = useState(true);
  const navigate = useNavigate();
  const go = useRef(navigate);
  go.current = navigate;

  useEffect(() => {
    const onEvent = (event: AppEvent) => {
      if (event.event === "job") applyJob(event.job);
      else if (event.event === "filesDropped") {
        if (!offerDropped(event.files)) void go.current({ to: "/imports" });
      } else applyEvent(queryClient, event);
    };
    const onState = (now: boolean) => {
      setConnected(now);
      // What happened before the stream was there was reported to nobody, at the start as after a break.
      if (now) void refreshAll(queryClient);
      // A stream does not say why it broke; a call does: nobody answers, or the server is another one by now.
      else void queryClient.invalidateQueries({ queryKey: ["workspace.current"] });
    };
    return listenToBackend(onEvent, onState);
  }, []);
  return connected;
}
