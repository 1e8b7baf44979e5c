export * from "./nav";
export * from "./search";
