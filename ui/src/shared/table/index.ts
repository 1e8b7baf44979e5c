export * from "./block";
export * from "./columns";
export { Grid, type GridProps, type GridRow, type GridSort, rowHeight } from "./Grid";
