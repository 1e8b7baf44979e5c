/** What holds for all rules: words for missing, the decimal sign, the time zone, columns without a rule. */
import { Select, TagsInput, TextInput } from "@mantine/core";
import type { DecimalMark, Mapping, Unmapped } from "@/ipc";
import classes from "./mapping.module.css";

type SettingsProps = { mapping: Mapping; onChange: (mapping: Mapping, typing?: string) => void };

export function MappingSettings({ mapping, onChange }: SettingsProps) {
  const { missing: _missing, ...withoutMissing } = mapping;
  const { zone: _zone, ...withoutZone } = mapping;
  return (
    <div className={classes.settings}>
      <TagsInput
        label="Words for a missing value"
        placeholder={(mapping.missing?.tokens ?? []).length === 0 ? "n/a, -, unknown" : ""}
        value={mapping.missing?.tokens ?? []}
        acceptValueOnBlur
        onChange={(tokens) =>
          onChange(
            tokens.length === 0 ? withoutMissing : { ...mapping, missing: { ...mapping.missing, tokens } },
          )
        }
      />
      <Select
        label="Number format"
        data={[
          { value: "point", label: "1,234.56" },
          { value: "comma", label: "1.234,56" },
          { value: "auto", label: "either way" },
        ]}
        value={mapping.decimal ?? "point"}
        allowDeselect={false}
        onChange={(next) => onChange({ ...mapping, decimal: next as DecimalMark })}
      />
      <TextInput
        label="Time zone"
        placeholder="UTC"
        value={mapping.zone ?? ""}
        onChange={(event) => {
          const zone = event.currentTarget.value;
          onChange(zone === "" ? withoutZone : { ...mapping, zone }, "zone");
        }}
      />
      <Select
        label="Other columns"
        data={[
          { value: "keep", label: "are kept" },
          { value: "drop", label: "are left out" },
          { value: "report", label: "are kept and reported" },
        ]}
        value={mapping.unmapped ?? "keep"}
        allowDeselect={false}
        onChange={(next) => onChange({ ...mapping, unmapped: next as Unmapped })}
      />
    </div>
  );
}
