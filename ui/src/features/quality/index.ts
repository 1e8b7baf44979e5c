export { OverviewStrip } from "./OverviewStrip";
export { QualityPage } from "./QualityPage";
