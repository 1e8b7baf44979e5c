/** A JSON value in MongoDB Extended JSON v2, as records travel between Rust and the screen. */
export type Ext = null | boolean | number | string | Ext[] | { [key: string]: Ext };

/** An object of Extended JSON: a whole record, or a nested one. */
export type ExtObject = { [key: string]: Ext };
