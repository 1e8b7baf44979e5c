/** Opening a workspace. The one that is open stays open until the other one is. */
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { asApiError, call, type WorkspaceTarget } from "@/ipc";
import { queryClient } from "@/shared/data/queries";
import { showError } from "@/shared/ui";

/** Opens it and shows its records. Throws what stood in the way. */
export function useOpenWorkspace(): (target: WorkspaceTarget) => Promise<void> {
  const navigate = useNavigate();
  return useCallback(
    async (target) => {
      await call("workspace.open", { target });
      await queryClient.invalidateQueries({ queryKey: ["workspace.current"] });
      await navigate({ to: "/records" });
    },
    [navigate],
  );
}

/** Opens one of the recent workspaces from anywhere; the start page asks for a password where one is missing. */
export function useOpenRecent(): (id: string) => Promise<void> {
  const open = useOpenWorkspace();
  const navigate = useNavigate();
  return useCallback(
    async (id) => {
      try {
        await open({ by: "recent", id });
      } catch (thrown) {
        const error = asApiError(thrown);
        if (error.code === "unauthorized") await navigate({ to: "/start", search: { ask: id } });
        else showError(error);
      }
    },
    [open, navigate],
  );
}
