export { ImportsPage } from "./ImportsPage";
export { RunPage } from "./RunPage";
export { WizardPage } from "./Wizard";
