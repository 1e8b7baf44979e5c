export * from "./block";
export * from "./columns";
export * from "./fields";
export { Grid, type GridProps, type GridRow, type GridSort, rowHeight } from "./Grid";
export * from "./typed";
export { useLayout } from "./useLayout";
