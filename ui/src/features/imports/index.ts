export { ImportsPage } from "./ImportsPage";
export { RunPage } from "./RunPage";
