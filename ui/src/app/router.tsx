/** The places and what their addresses hold. The address stands behind the hash: it works in a window and on a page alike. */
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  redirect,
} from "@tanstack/react-router";
import { BackupPage, BackupsPage } from "@/features/backups";
import { HistoryPage } from "@/features/history";
import { ImportsPage, RunPage, WizardPage } from "@/features/imports";
import { QualityPage } from "@/features/quality";
import { QuarantinePage } from "@/features/quarantine";
import { RecordsPage } from "@/features/records";
import { SchemaPage, SchemasPage } from "@/features/schemas";
import { SettingsPage } from "@/features/settings";
import { readCollectionSearch, readQuarantineSearch, readRecordsSearch, readStartSearch } from "@/shared/nav";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/records" });
  },
});

// Drawn by the shell, in the place of everything else.
const start = createRoute({
  getParentRoute: () => root,
  path: "/start",
  validateSearch: readStartSearch,
  component: () => null,
});

const records = createRoute({
  getParentRoute: () => root,
  path: "/records",
  validateSearch: readRecordsSearch,
  component: RecordsPage,
});

const imports = createRoute({ getParentRoute: () => root, path: "/imports", component: ImportsPage });

const wizard = createRoute({
  getParentRoute: () => root,
  path: "/imports/draft/$draftId/$step",
  component: WizardPage,
});

const run = createRoute({ getParentRoute: () => root, path: "/imports/$runId", component: RunPage });

const quarantine = createRoute({
  getParentRoute: () => root,
  path: "/quarantine",
  validateSearch: readQuarantineSearch,
  component: QuarantinePage,
});

const schemas = createRoute({ getParentRoute: () => root, path: "/schemas", component: SchemasPage });

const schema = createRoute({ getParentRoute: () => root, path: "/schemas/$schemaId", component: SchemaPage });

const quality = createRoute({
  getParentRoute: () => root,
  path: "/quality",
  validateSearch: readCollectionSearch,
  component: QualityPage,
});

const backups = createRoute({ getParentRoute: () => root, path: "/backups", component: BackupsPage });

const backup = createRoute({ getParentRoute: () => root, path: "/backups/$backupId", component: BackupPage });

const history = createRoute({ getParentRoute: () => root, path: "/history", component: HistoryPage });

const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: SettingsPage });

const tree = root.addChildren([
  home,
  start,
  records,
  imports,
  wizard,
  run,
  quarantine,
  schemas,
  schema,
  quality,
  backups,
  backup,
  history,
  settings,
]);

export const router = createRouter({
  routeTree: tree,
  history: createHashHistory(),
  defaultNotFoundComponent: () => null,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
