/** The JSON editor, fetched when it is first shown. */
import { lazy, Suspense } from "react";
import { Loading } from "../ui/states";
import type { JsonEditorProps } from "./CodeEditor";

const CodeEditor = lazy(() => import("./CodeEditor"));

export function JsonEditor(props: JsonEditorProps) {
  return (
    <Suspense fallback={<Loading />}>
      <CodeEditor {...props} />
    </Suspense>
  );
}
