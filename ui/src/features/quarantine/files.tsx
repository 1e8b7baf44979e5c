/** The quarantine as files: exports, the halves of a source file, and corrected rows that come back. */
import { Button, Menu } from "@mantine/core";
import { IconDownload, IconFileImport } from "@tabler/icons-react";
import { useState } from "react";
import {
  asApiError,
  call,
  type FileHandle,
  type QuarantineExportFormat,
  type QuarantineFilter,
  type SplitSource,
} from "@/ipc";
import { exportTo, pickFiles, useNativeFiles } from "@/shared/files";
import { showError } from "@/shared/ui";
import { CorrectionsDialog } from "./CorrectionsDialog";

const exports: { format: QuarantineExportFormat; name: string; label: string; about: string }[] = [
  {
    format: "rows",
    name: "rows-to-correct.csv",
    label: "Rows to correct",
    about: "A table to correct and import again",
  },
  { format: "errors", name: "errors.csv", label: "Error report", about: "A table with one line per error" },
  { format: "ndjson", name: "quarantine.ndjson", label: "Everything", about: "NDJSON, for programs" },
];

type ExportProps = {
  filter: QuarantineFilter;
  /** The source file that all these rows are from, if it is one. */
  file: string | undefined;
};

export function ExportMenu({ filter, file }: ExportProps) {
  const native = useNativeFiles();
  const write = (format: QuarantineExportFormat, name: string) =>
    void exportTo(
      native,
      name,
      (target) => call("quarantine.export", { filter, format, file: target }),
      "row",
    );
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {exports.map(({ format, name, label, about }) => (
          <Menu.Item key={format} onClick={() => write(format, name)}>
            {label}
            <div className="dim">{about}</div>
          </Menu.Item>
        ))}
        {file && (
          <>
            <Menu.Divider />
            <Menu.Label>{file}, original rows</Menu.Label>
            <HalfItem half="valid" label="Valid rows" run={filter.runId} file={file} />
            <HalfItem half="invalid" label="Invalid rows" run={filter.runId} file={file} />
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

type HalfProps = { half: "valid" | "invalid"; label: string; run: string | undefined; file: string };

function HalfItem({ half, label, run, file }: HalfProps) {
  const native = useNativeFiles();
  const write = async () => {
    const source: SplitSource = { of: "run", file, ...(run ? { runId: run } : {}) };
    try {
      const names = await call("imports.splitNames", source);
      await exportTo(
        native,
        names[half],
        (target) => call("imports.split", { source, [half]: target }),
        "row",
        (outcome) =>
          outcome.outcome === "split" && outcome.value.files[0]
            ? { file: outcome.value.files[0], records: outcome.value[half] }
            : undefined,
      );
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return <Menu.Item onClick={() => void write()}>{label}</Menu.Item>;
}

/** Takes a corrected table. */
export function BringBack() {
  const native = useNativeFiles();
  const [file, setFile] = useState<FileHandle>();
  const pick = async () => {
    try {
      const [picked] = await pickFiles(native, "import", false);
      setFile(picked);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <>
      <Button variant="default" leftSection={<IconFileImport size={14} />} onClick={() => void pick()}>
        Import corrections
      </Button>
      {file && (
        <CorrectionsDialog file={file} onClose={() => setFile(undefined)} onDone={() => setFile(undefined)} />
      )}
    </>
  );
}
