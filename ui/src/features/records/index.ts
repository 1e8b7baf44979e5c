export { DraftsDrawer } from "./DraftsDrawer";
export { useDrafts } from "./drafts";
export { RecordsPage } from "./RecordsPage";
