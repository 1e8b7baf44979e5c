export { SchemaPage } from "./SchemaPage";
export { SchemasPage } from "./SchemasPage";
