/** One fix for many rows: choose the field and what to do, see rows before and after, apply it by the plan's id. */
import {
  Autocomplete,
  Button,
  Checkbox,
  Group,
  Modal,
  Progress,
  Select,
  Stack,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { asApiError, call, type FixPlan } from "@/ipc";
import { queryClient, useCall } from "@/shared/data/queries";
import { useSchema } from "@/shared/data/workspace";
import { outcomeOf } from "@/shared/jobs/jobs";
import { leaves, specAt, specsOf } from "@/shared/schema/model";
import { Problem, showError, useSlow } from "@/shared/ui";
import { count } from "@/shared/words/words";
import { Exchange } from "./Exchange";
import { FixPreview } from "./FixPreview";
import { actionOf, emptyForm, type FixForm, type FixKind, fixKinds, likelyKind } from "./fix";
import classes from "./fix.module.css";
import type { FixRequest } from "./model";
import { tellFixed } from "./tell";

type DialogProps = { request: FixRequest; onClose: () => void; onDone: () => void };

export function FixDialog({ request, onClose, onDone }: DialogProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={request.size === undefined ? "Fix alike rows" : `Fix ${count(request.size, "row")}`}
      size={820}
    >
      <FixBody request={request} onClose={onClose} onDone={onDone} />
    </Modal>
  );
}

function usePlan(request: FixRequest, field: string, form: FixForm, retry: boolean) {
  const schema = useSchema(request.schema);
  const spec = specAt(specsOf(schema), field);
  const action = actionOf(form, spec && { types: spec.types });
  const wanted = typeof action === "string" ? ({ do: "look" } as const) : action;
  const question = { selection: request.selection, field: field.trim(), action: wanted, retry };
  const [settled] = useDebouncedValue(question, 350);
  const plan = useCall("quarantine.planFix", settled, {
    enabled: settled.field !== "",
    keep: true,
    leave: true,
  });
  const isCurrent =
    JSON.stringify(question) === JSON.stringify(settled) && !plan.isFetching && !plan.isPlaceholderData;
  return { plan, isCurrent, wrong: typeof action === "string" ? action : undefined };
}

function FixBody({ request, onClose, onDone }: DialogProps) {
  const [field, setField] = useState(request.field);
  const [form, setForm] = useState<FixForm>({
    ...emptyForm,
    kind: request.value === undefined ? likelyKind(request.rule) : "map",
  });
  const [retry, setRetry] = useState(true);
  const [busy, setBusy] = useState(false);
  const schema = useSchema(request.schema);
  const { plan, isCurrent, wrong } = usePlan(request, field, form, retry);
  const change = (part: Partial<FixForm>) => setForm({ ...form, ...part });
  const known = leaves(specsOf(schema)).map((spec) => spec.path);
  const apply = async (planned: FixPlan) => {
    setBusy(true);
    try {
      const job = await call("quarantine.applyFix", { planId: planned.planId });
      tellFixed(await outcomeOf(job, "retried"));
      onDone();
    } catch (thrown) {
      showError(asApiError(thrown));
      void queryClient.invalidateQueries({ queryKey: ["quarantine.planFix"] });
    } finally {
      setBusy(false);
    }
  };
  const changed = isCurrent && !wrong ? (plan.data?.changed ?? 0) : 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (changed > 0 && plan.data) void apply(plan.data);
      }}
    >
      <Stack gap="sm">
        <div className={classes.choice}>
          <Autocomplete
            label="Field"
            data={[...new Set([...known, ...request.fields])]}
            value={field}
            onChange={setField}
          />
          <Select
            label="Action"
            data={fixKinds.map((kind) => ({ ...kind }))}
            value={form.kind}
            allowDeselect={false}
            onChange={(kind) => change({ kind: (kind ?? "set") as FixKind })}
          />
          <Details form={form} wrong={wrong} onChange={change} />
        </div>
        {field.trim() !== "" && (
          <>
            {plan.data && form.kind === "map" && (
              <Exchange
                plan={plan.data}
                form={form}
                wrong={wrong}
                choices={specAt(specsOf(schema), field)?.choices.map(String) ?? []}
                about={field === request.field ? request.value : undefined}
                onChange={change}
              />
            )}
            {plan.data && <FixPreview plan={plan.data} stale={!isCurrent} />}
            {plan.isFetching && <Looking rows={request.size} />}
            {plan.error && !plan.isFetching && (
              <Problem error={plan.error} retry={() => void plan.refetch()} />
            )}
          </>
        )}
        <Group justify="space-between">
          <Checkbox
            label="Import the rows that become valid"
            checked={retry}
            onChange={(event) => setRetry(event.currentTarget.checked)}
          />
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={changed === 0}>
              {changed > 0 ? `Fix ${count(changed, "row")}` : "Fix"}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

/** Many rows take a while; the dialog can be left meanwhile. */
function Looking({ rows }: { rows: number | undefined }) {
  const slow = useSlow(true, 400);
  if (!slow) return <div aria-busy="true" />;
  return (
    <div role="status">
      <Progress value={100} animated striped size="sm" mb={6} aria-hidden />
      <span className="dim">
        Testing it on {rows === undefined ? "the rows" : count(rows, "row")}. Nothing is written yet.
      </span>
    </div>
  );
}

type DetailProps = {
  form: FixForm;
  wrong: string | undefined;
  onChange: (part: Partial<FixForm>) => void;
};

/** What else an action needs to know. */
function Details({ form, wrong, onChange }: DetailProps) {
  switch (form.kind) {
    case "set":
    case "default":
      return (
        <TextInput
          label="Value"
          value={form.value}
          error={wrong}
          data-autofocus
          onChange={(event) => onChange({ value: event.currentTarget.value })}
        />
      );
    case "number":
      return (
        <Select
          label="Decimal sign"
          data={[
            { value: "point", label: "Point: 1,234.56" },
            { value: "comma", label: "Comma: 1.234,56" },
            { value: "auto", label: "Detect for each number" },
          ]}
          value={form.decimal}
          allowDeselect={false}
          onChange={(decimal) => onChange({ decimal: (decimal ?? "point") as FixForm["decimal"] })}
        />
      );
    case "date":
      return (
        <TextInput
          label="Written as"
          placeholder="%d.%m.%Y"
          value={form.format}
          onChange={(event) => onChange({ format: event.currentTarget.value })}
        />
      );
    case "case":
      return (
        <Select
          label="Letters"
          data={[
            { value: "lower", label: "lower case" },
            { value: "upper", label: "UPPER CASE" },
            { value: "title", label: "Title Case" },
          ]}
          value={form.letters}
          allowDeselect={false}
          onChange={(letters) => onChange({ letters: (letters ?? "lower") as FixForm["letters"] })}
        />
      );
    case "replace":
      return <Replace form={form} onChange={onChange} />;
    default:
      return null;
  }
}

function Replace({ form, onChange }: Omit<DetailProps, "wrong">) {
  return (
    <>
      <TextInput
        label="Find"
        value={form.pattern}
        data-autofocus
        onChange={(event) => onChange({ pattern: event.currentTarget.value })}
      />
      <TextInput
        label="Replace with"
        value={form.with}
        onChange={(event) => onChange({ with: event.currentTarget.value })}
      />
      <Checkbox
        label="Find by regular expression"
        checked={form.regex}
        onChange={(event) => onChange({ regex: event.currentTarget.checked })}
      />
    </>
  );
}
