// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, it } from "vitest";
import type { UnfinishedWork } from "@/ipc";
import { Unfinished } from "./Unfinished";

beforeAll(() => {
  window.scrollTo = () => {};
});

afterEach(cleanup);

/** The page with this answer of the backend, and its routes. */
async function shown(work: UnfinishedWork[]) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  client.setQueryData(["workspace.unfinished", {}], { work });
  const root = createRootRoute({
    component: () => (
      <>
        <Unfinished />
        <Outlet />
      </>
    ),
  });
  const page = (path: string, name: string) =>
    createRoute({ getParentRoute: () => root, path, component: () => <h1>{name}</h1> });
  const router = createRouter({
    routeTree: root.addChildren([
      page("/", "Records"),
      page("/backups", "Backups"),
      page("/imports/$runId", "Import"),
    ]),
    history: createMemoryHistory(),
  });
  render(
    <QueryClientProvider client={client}>
      {/* The routes are those of this test. */}
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByRole("heading", { name: "Records" });
  return router;
}

const one = (part: Partial<UnfinishedWork>): UnfinishedWork => ({
  kind: "restore",
  id: "r1",
  message: "The restore of a was interrupted.",
  swapping: false,
  canGoBack: true,
  ...part,
});

it("says nothing of imports that can simply go on", async () => {
  await shown([one({ kind: "import" })]);
  expect(screen.queryByRole("alert")).toBeNull();
});

it("shows what cannot wait, and where it is decided", async () => {
  const router = await shown([
    one({ kind: "import", id: "run", message: "Replacing careers was interrupted.", swapping: true }),
    one({ kind: "undoRestore", id: "r2", message: "Undoing a restore was interrupted.", canGoBack: false }),
  ]);
  const alert = screen.getByRole("alert").textContent;
  expect(alert).toContain(
    "Replacing careers was interrupted. Until then, records are shown from their current location. Finish or roll back",
  );
  expect(alert).toContain("Undoing a restore was interrupted. Finish");
  expect(alert).not.toContain("Undoing a restore was interrupted. Records");
  fireEvent.click(screen.getByRole("link", { name: "Finish or roll back" }));
  await screen.findByRole("heading", { name: "Import" });
  expect(router.state.location.pathname).toBe("/imports/run");
  fireEvent.click(screen.getByRole("link", { name: "Finish" }));
  await screen.findByRole("heading", { name: "Backups" });
  expect(router.state.location.pathname).toBe("/backups");
});
