/** Whether a password goes to the system's keyring. */
import { Checkbox } from "@mantine/core";

type KeepProps = { keyring: boolean; checked: boolean; onChange: (checked: boolean) => void };

/** Only where there is a keyring to keep it in. */
export function KeepPassword({ keyring, checked, onChange }: KeepProps) {
  return (
    <Checkbox
      label="Save the password"
      description={
        keyring
          ? "In the system keyring, never in a file."
          : "No keyring is available, so you are asked for the password each time. It is never written to a file."
      }
      disabled={!keyring}
      checked={checked && keyring}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}
