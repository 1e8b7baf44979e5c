/** JSON as text, with marks where it is broken or breaks a rule. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import {
  bracketMatching,
  foldGutter,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { type Diagnostic, linter, lintGutter } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { Violation } from "@/ipc";
import { locate } from "./locate";

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--st-accent-text)" },
  { tag: tags.string, color: "var(--st-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--st-warn)" },
  { tag: [tags.bracket, tags.separator], color: "var(--st-faint)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", backgroundColor: "var(--st-surface)", color: "var(--st-text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--st-mono)", caretColor: "var(--st-text)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--st-text)" },
  ".cm-gutters": { backgroundColor: "var(--st-sunken)", color: "var(--st-faint)", border: "none" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "var(--st-accent-weak)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--st-raised)",
    color: "var(--st-text)",
    border: "1px solid var(--st-line-strong)",
    borderRadius: "5px",
  },
  ".cm-panels": { backgroundColor: "var(--st-sunken)", color: "var(--st-text)" },
});

export type JsonEditorProps = {
  label: string;
  text: string;
  readOnly?: boolean;
  violations?: Violation[];
  onChange?: (text: string) => void;
};

export default function CodeEditor({
  label,
  text,
  readOnly = false,
  violations = [],
  onChange,
}: JsonEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const change = useRef(onChange);
  const lint = useRef(new Compartment());
  change.current = onChange;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor is made once; the effects below feed it
  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          foldGutter(),
          history(),
          indentOnInput(),
          bracketMatching(),
          highlightSelectionMatches(),
          syntaxHighlighting(colours),
          json(),
          lint.current.of([]),
          lintGutter(),
          look,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorState.readOnly.of(readOnly),
          keymap.of([
            ...defaultKeymap,
            ...historyKeymap,
            ...searchKeymap,
            ...(readOnly ? [] : [indentWithTab]),
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) change.current?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const syntax = jsonParseLinter();
    const source = (editor: EditorView): Diagnostic[] => {
      const broken = editor.state.doc.length === 0 ? [] : syntax(editor);
      if (broken.length > 0) return broken;
      const document = editor.state.doc.toString();
      return violations.map((violation) => ({
        ...locate(document, violation.pointer),
        severity: "error" as const,
        message: violation.message,
      }));
    };
    view.current?.dispatch({ effects: lint.current.reconfigure(linter(source, { delay: 200 })) });
  }, [violations]);

  return <div ref={host} style={{ height: "100%", minHeight: 0, overflow: "hidden" }} />;
}
