/** Edits a cell where it stands. Enter saves and goes down, Tab goes on, Esc restores. */
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import type { GridColumn } from "./columns";
import classes from "./grid.module.css";
import type { Move } from "./Row";

type EditorProps = {
  column: GridColumn;
  initial: string;
  /** The text was typed just now and replaces the value. */
  fresh: boolean;
  onCommit: (text: string, move?: Move) => string | undefined;
  onCancel: () => void;
};

export function CellEditor(props: EditorProps) {
  const { column } = props;
  return column.editor === "choice" || column.editor === "boolean" ? (
    <ChoiceEditor {...props} />
  ) : (
    <TextEditor {...props} />
  );
}

function TextEditor({ column, initial, fresh, onCommit, onCancel }: EditorProps) {
  const [text, setText] = useState(initial);
  const [wrong, setWrong] = useState<string>();
  const field = useRef<HTMLTextAreaElement>(null);
  const done = useRef(false);

  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.focus({ preventScroll: true });
    if (!fresh && column.editor !== "longText") element.select();
    else element.setSelectionRange(element.value.length, element.value.length);
  }, [fresh, column.editor]);

  const commit = (move?: Move) => {
    if (done.current) return;
    // Leaving the field is part of committing it: that must not commit again.
    done.current = true;
    const problem = onCommit(text, move);
    if (!problem) return;
    done.current = false;
    setWrong(problem);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      done.current = true;
      onCancel();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      commit("down");
    } else if (event.key === "Tab") {
      event.preventDefault();
      commit(event.shiftKey ? "back" : "next");
    }
  };

  return (
    <>
      <textarea
        ref={field}
        className={column.editor === "longText" ? classes.longEditor : classes.editor}
        data-align={column.align}
        rows={column.editor === "longText" ? 6 : 1}
        value={text}
        aria-label={`Edit ${column.title}`}
        aria-invalid={wrong !== undefined}
        spellCheck={column.editor === "longText"}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setWrong(undefined);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => commit()}
      />
      {wrong && (
        <span role="alert" className={classes.editorError}>
          {wrong}
        </span>
      )}
    </>
  );
}

function ChoiceEditor({ column, initial, onCommit, onCancel }: EditorProps) {
  const options = column.editor === "boolean" ? ["true", "false"] : column.choices;
  const start = Math.max(0, options.indexOf(initial));
  const [at, setAt] = useState(start);
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => list.current?.focus({ preventScroll: true }), []);

  const words = (option: string) =>
    column.editor === "boolean" ? (option === "true" ? "Yes" : "No") : option;
  const entries = column.required ? options : [...options, ""];
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") onCancel();
    else if (event.key === "ArrowDown") setAt((now) => Math.min(entries.length - 1, now + 1));
    else if (event.key === "ArrowUp") setAt((now) => Math.max(0, now - 1));
    else if (event.key === "Enter") onCommit(entries[at] ?? "", "down");
    else if (event.key === "Tab") onCommit(entries[at] ?? "", event.shiftKey ? "back" : "next");
    else if (event.key.length === 1) setAt((now) => typedAhead(entries.map(words), event.key, now));
    event.preventDefault();
  };

  return (
    <div
      ref={list}
      role="listbox"
      tabIndex={-1}
      className={classes.choices}
      aria-label={`Choose ${column.title}`}
      aria-activedescendant={`choice-${at}`}
      onKeyDown={onKeyDown}
      onBlur={onCancel}
    >
      {entries.map((option, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the list holds the focus
        // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles keys
        <div
          key={option}
          id={`choice-${index}`}
          role="option"
          aria-selected={index === at}
          className={classes.choice}
          data-active={index === at || undefined}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onCommit(option)}
        >
          {option === "" ? <span className="faint">not set</span> : words(option)}
        </div>
      ))}
    </div>
  );
}

function typedAhead(words: string[], letter: string, now: number): number {
  const fits = (word: string | undefined) => word?.toLowerCase().startsWith(letter.toLowerCase());
  for (let ahead = 1; ahead <= words.length; ahead += 1) {
    const at = (now + ahead) % words.length;
    if (fits(words[at])) return at;
  }
  return now;
}
