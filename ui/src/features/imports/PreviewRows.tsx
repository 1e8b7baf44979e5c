/** The first rows of a file as they would come, with what is wrong beside each. */
import type { PreviewRow } from "@/ipc";
import { outermost, pathOf, pointerToPath, valueAt } from "@/shared/value/path";
import { ValueText } from "@/shared/value/ValueText";
import { fieldTitle } from "@/shared/words/words";
import classes from "./imports.module.css";

export function PreviewRows({ fields, rows }: { fields: string[]; rows: PreviewRow[] }) {
  const shown = fields.slice(0, 12);
  if (rows.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table has to scroll by keyboard
    <section className={classes.tableWrap} tabIndex={0} aria-label="First rows">
      <table className={classes.preview}>
        <thead>
          <tr>
            <th className="num">Row</th>
            <th>Problems</th>
            {shown.length === 0 && <th>Original</th>}
            {shown.map((field) => (
              <th key={field}>{fieldTitle(field)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.rowNumber}>
              <td className="num faint">{row.rowNumber}</td>
              <td className={classes.problem}>
                {row.violations.map((violation) => violation.message).join(" ")}
              </td>
              {row.document === undefined ? (
                <td colSpan={Math.max(1, shown.length)} className="mono">
                  {row.raw}
                </td>
              ) : (
                shown.map((field) => <PreviewCell key={field} row={row} field={field} />)
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function PreviewCell({ row, field }: { row: PreviewRow; field: string }) {
  const wrong = row.violations.find(
    (violation) => outermost(pointerToPath(violation.pointer)) === pathOf([field]),
  );
  return (
    <td data-wrong={wrong !== undefined || undefined} title={wrong?.message}>
      <ValueText value={valueAt(row.document, pathOf([field]))} required={wrong?.rule === "required"} />
    </td>
  );
}
