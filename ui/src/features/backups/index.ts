export { BackupPage } from "./BackupPage";
export { BackupsHost } from "./BackupsHost";
export { BackupsPage } from "./BackupsPage";
