/** The places of the rail. */
import {
  IconArchive,
  IconDatabaseImport,
  IconHistory,
  IconRulerMeasure,
  IconSettings,
  IconShieldHalf,
  IconTable,
  IconTopologyStar3,
} from "@tabler/icons-react";

export type Place = {
  path: string;
  title: string;
  group: string;
  icon: typeof IconTable;
  shortcut: string;
};

export const places: Place[] = [
  { path: "/records", title: "Records", group: "Curate", icon: IconTable, shortcut: "g r" },
  { path: "/imports", title: "Imports", group: "Curate", icon: IconDatabaseImport, shortcut: "g i" },
  { path: "/quarantine", title: "Quarantine", group: "Curate", icon: IconShieldHalf, shortcut: "g q" },
  { path: "/schemas", title: "Schemas", group: "Model", icon: IconTopologyStar3, shortcut: "g s" },
  { path: "/backups", title: "Backups", group: "Safety & health", icon: IconArchive, shortcut: "g b" },
  { path: "/quality", title: "Quality", group: "Safety & health", icon: IconRulerMeasure, shortcut: "g u" },
  { path: "/history", title: "History", group: "Safety & health", icon: IconHistory, shortcut: "g h" },
];

export const settingsPlace: Place = {
  path: "/settings",
  title: "Settings",
  group: "",
  icon: IconSettings,
  shortcut: "g ,",
};
