export * from "./drops";
export * from "./files";
