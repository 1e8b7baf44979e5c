/** Below a search: what it looked through, and the way to look through everything. */
import { Button } from "@mantine/core";
import { useWorkspace } from "@/shared/data/workspace";
import { JobProgress } from "@/shared/jobs/JobProgress";
import { searchedWords } from "./model";
import classes from "./records.module.css";
import type { SearchEverywhere } from "./useSearchEverywhere";

/** Texts are as long as people paste them. */
const cut = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

export function SearchNote({ text, everywhere }: { text: string; everywhere: SearchEverywhere }) {
  const kind = useWorkspace()?.kind;
  const { found, job, start, leave } = everywhere;
  if (job) {
    return (
      <section className={classes.searchNote} aria-label="Search of all text">
        <JobProgress job={job} />
      </section>
    );
  }
  return (
    <section className={classes.searchNote} aria-label="What was searched">
      <span aria-live="polite">{searchedWords(text, found, kind)}</span>
      {found ? (
        <Button variant="subtle" size="compact-sm" onClick={leave}>
          Search by index again
        </Button>
      ) : (
        <Button variant="subtle" size="compact-sm" onClick={start}>
          Search all text for “{cut(text)}”
        </Button>
      )}
    </section>
  );
}
