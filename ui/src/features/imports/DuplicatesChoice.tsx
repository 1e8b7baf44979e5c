/** What happens to rows of the files that share a key. */
import { Autocomplete, Select } from "@mantine/core";
import type { Duplicates } from "@/ipc";
import { duplicatesOf, duplicateWords } from "./model";

type DuplicatesProps = {
  value: Duplicates | undefined;
  fields: string[];
  onChange: (value: Duplicates | undefined) => void;
};

export function DuplicatesChoice({ value, fields, onChange }: DuplicatesProps) {
  return (
    <>
      <Select
        label="Rows with the same key"
        data={Object.entries(duplicateWords).map(([name, label]) => ({ value: name, label }))}
        value={value?.keep ?? "default"}
        allowDeselect={false}
        onChange={(next) => onChange(duplicatesOf(next ?? "default", fields))}
      />
      {value?.keep === "newest" && (
        <Autocomplete
          label="Newest by"
          data={fields}
          value={value.field}
          onChange={(field) => onChange({ keep: "newest", field })}
        />
      )}
    </>
  );
}
