/** Asks for the number of a row and goes there. */
import { Button, Group, Modal, NumberInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { number } from "@/shared/words/words";

type GoToRowProps = {
  opened: boolean;
  rowCount: number;
  onClose: () => void;
  /** The row's index, 0 being the first. */
  onGo: (row: number) => void;
};

export function GoToRow({ opened, rowCount, onClose, onGo }: GoToRowProps) {
  const [row, setRow] = useState<number | string>("");
  useEffect(() => {
    if (opened) setRow("");
  }, [opened]);
  const go = () => {
    if (typeof row !== "number") return;
    onClose();
    onGo(Math.min(row, rowCount) - 1);
  };
  return (
    <Modal opened={opened} onClose={onClose} title="Go to a row" size="sm" returnFocus={false}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <NumberInput
          label="Row"
          description={`1 to ${number(rowCount)}, in the order shown`}
          value={row}
          onChange={setRow}
          min={1}
          max={rowCount}
          allowDecimal={false}
          allowNegative={false}
          thousandSeparator
          data-autofocus
        />
        <Group justify="flex-end" mt="md">
          <Button type="submit" disabled={typeof row !== "number" || row < 1}>
            Go
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
