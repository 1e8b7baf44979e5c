export * from "./confirm";
export * from "./marks";
export * from "./page";
export { SideDrawer } from "./SideDrawer";
export * from "./states";
export * from "./toasts";
