export * from "./draft";
export { RecordForm } from "./RecordForm";
