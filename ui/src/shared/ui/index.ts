export * from "./confirm";
export * from "./marks";
export * from "./page";
export * from "./states";
export * from "./toasts";
