/** One chosen file: what it is, how it is read, and its first rows. */
import { Group } from "@mantine/core";
import type { FilePreview, SourceChoice } from "@/ipc";
import { Panel, StateMark, Tag } from "@/shared/ui";
import classes from "./imports.module.css";
import { sourceWords } from "./model";
import { PreviewRows } from "./PreviewRows";
import { ReadingChoices } from "./ReadingChoices";
import { adviceFor } from "./reading";

type FileProps = { preview: FilePreview; choice: SourceChoice; onChoice: (choice: SourceChoice) => void };

export function FilePanel({ preview, choice, onChoice }: FileProps) {
  const broken = preview.rows.filter((row) => row.violations.length > 0 || row.document === undefined).length;
  const advice = adviceFor(preview.source);
  return (
    <Panel
      title={preview.file.name}
      actions={
        <Group gap="sm">
          {sourceWords(preview.source).map((word) => (
            <Tag key={word}>{word}</Tag>
          ))}
          {preview.rows.length > 0 &&
            (broken > 0 ? (
              <StateMark tone="bad">
                {broken} of the first {preview.rows.length} rows {broken === 1 ? "has" : "have"} problems
              </StateMark>
            ) : (
              <StateMark tone="good">the first {preview.rows.length} rows are fine</StateMark>
            ))}
        </Group>
      }
    >
      <ReadingChoices name={preview.file.name} source={preview.source} choice={choice} onChange={onChoice} />
      {advice && (
        <p className={classes.noteLine}>
          <StateMark tone="warn">{advice}</StateMark>
        </p>
      )}
      {preview.notes.map((note) => (
        <p key={note} className={classes.noteLine}>
          <StateMark tone="warn">{note}</StateMark>
        </p>
      ))}
      <PreviewRows fields={preview.fields} rows={preview.rows} />
    </Panel>
  );
}
