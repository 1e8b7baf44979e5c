/** Everything that surrounds the pages: theme, cache, messages, router. */
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { queryClient } from "@/shared/data/queries";
import { resolver, theme } from "@/theme/theme";
import { router } from "./router";

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Notifications
          position="bottom-left"
          limit={4}
          containerWidth={400}
          zIndex={400}
          className="toasts"
        />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
