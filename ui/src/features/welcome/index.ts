export { useOpenRecent } from "./open";
export { Welcome } from "./Welcome";
