export { KeepPassword } from "./KeepPassword";
export { Report } from "./Report";
