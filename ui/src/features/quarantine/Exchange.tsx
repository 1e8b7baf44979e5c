/** The values that a field has, alike ones together, each with room for the one that takes their place. */
import { Autocomplete, Button, TextInput } from "@mantine/core";
import type { Ext, FixPlan, FixValue } from "@/ipc";
import { ValueText } from "@/shared/value/ValueText";
import { number } from "@/shared/words/words";
import { type Cluster, clustersOf, likeOf } from "./clusters";
import type { FixForm } from "./fix";
import classes from "./fix.module.css";

type ExchangeProps = {
  plan: FixPlan;
  form: FixForm;
  wrong: string | undefined;
  /** What the schema allows. */
  choices: string[];
  /** The value that a person wants to correct. */
  about: Ext | undefined;
  onChange: (part: Partial<FixForm>) => void;
};

export function Exchange({ plan, form, wrong, choices, about, onChange }: ExchangeProps) {
  const isAllowed = ({ value }: FixValue) => typeof value === "string" && choices.includes(value);
  const clusters = clustersOf(plan.values.filter((value) => !isAllowed(value)));
  const sought = JSON.stringify(about);
  const isAbout = ({ values }: Cluster) => values.some(({ value }) => JSON.stringify(value) === sought);
  const sorted = [...clusters.filter(isAbout), ...clusters.filter((cluster) => !isAbout(cluster))];
  const suggested = sorted.flatMap((cluster) => {
    const like = cluster.values[0] && likeOf(cluster.values[0].value, choices);
    return like === undefined ? [] : [[cluster, like] as const];
  });
  const put = (pairs: readonly (readonly [Cluster, string])[]) => {
    const texts = pairs.flatMap(([{ values }, text]) =>
      values.map(({ value }) => [JSON.stringify(value), text]),
    );
    onChange({ exchanged: { ...form.exchanged, ...Object.fromEntries(texts) } });
  };
  return (
    <>
      {suggested.length > 0 && (
        <Button variant="light" size="compact-sm" className={classes.suggest} onClick={() => put(suggested)}>
          Use the allowed value that is alike ({number(suggested.length)})
        </Button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className={classes.exchange} aria-label="Values" tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Value</th>
              <th scope="col" className={classes.figure}>
                Rows
              </th>
              <th scope="col">Becomes</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((cluster, at) => (
              <ClusterLine
                key={JSON.stringify(cluster.values[0]?.value)}
                cluster={cluster}
                form={form}
                wrong={wrong}
                choices={choices}
                first={at === 0 && about !== undefined}
                onText={(text) => put([[cluster, text]])}
              />
            ))}
          </tbody>
        </table>
        {plan.moreValues && <div className="dim">Only the most frequent values are listed.</div>}
        {wrong && <div className={classes.wrong}>{wrong}</div>}
      </section>
    </>
  );
}

type LineProps = Pick<ExchangeProps, "form" | "wrong" | "choices"> & {
  cluster: Cluster;
  first: boolean;
  onText: (text: string) => void;
};

function ClusterLine({ cluster, form, wrong, choices, first, onText }: LineProps) {
  const names = cluster.values.map(({ value }) =>
    typeof value === "string" ? value : JSON.stringify(value),
  );
  const text = form.exchanged[JSON.stringify(cluster.values[0]?.value)] ?? "";
  const field = {
    "aria-label": `What ${names.join(", ")} becomes`,
    size: "xs",
    value: text,
    error: wrong !== undefined && text !== "",
    "data-autofocus": first || undefined,
  };
  return (
    <tr>
      <td>
        <span className={classes.alike}>
          {cluster.values.map(({ value }) => (
            <ValueText key={JSON.stringify(value)} value={value} />
          ))}
        </span>
      </td>
      <td className={classes.figure}>{number(cluster.rows)}</td>
      <td>
        {choices.length > 0 ? (
          <Autocomplete {...field} data={choices} onChange={onText} />
        ) : (
          <TextInput {...field} onChange={(event) => onText(event.currentTarget.value)} />
        )}
      </td>
    </tr>
  );
}
