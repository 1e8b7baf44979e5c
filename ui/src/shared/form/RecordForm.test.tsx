// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeAll, expect, it } from "vitest";
import type { ExtObject, Violation } from "@/ipc";
import careers from "../../../../schemas/careers/1.0.0.json";
import { fieldsOf } from "../schema/model";
import { changesOf, type Draft, draftOf } from "./draft";
import { RecordForm } from "./RecordForm";

const specs = fieldsOf(careers as unknown as ExtObject);

beforeAll(() => {
  window.matchMedia = (query: string) =>
    ({
      matches: false,
      media: query,
      addEventListener: () => {},
      removeEventListener: () => {},
    }) as unknown as MediaQueryList;
  window.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  Object.defineProperty(document, "fonts", {
    value: { addEventListener: () => {}, removeEventListener: () => {} },
  });
});

afterEach(cleanup);

function Host({
  document,
  violations = [],
  onDraft,
}: {
  document: ExtObject;
  violations?: Violation[];
  onDraft: (draft: Draft) => void;
}) {
  const [draft, setDraft] = useState(draftOf(document));
  return (
    <MantineProvider>
      <RecordForm
        draft={draft}
        specs={specs}
        violations={violations}
        fixed={["career_id"]}
        onDraft={(next) => {
          setDraft(next);
          onDraft(next);
        }}
      />
    </MantineProvider>
  );
}

const record = {
  career_id: "a-1",
  title: "Keeper",
  average_salary: 51000,
  education_level: null,
  mystery: "kept",
};

it("writes numbers as numbers, keeps the key, and takes a field back", () => {
  let last: Draft = draftOf(record);
  render(
    <Host
      document={record}
      onDraft={(draft) => {
        last = draft;
      }}
    />,
  );
  expect(screen.getByRole("textbox", { name: "Career id" }).hasAttribute("readonly")).toBe(true);
  const salary = screen.getByRole("textbox", { name: "Average salary" });
  fireEvent.change(salary, { target: { value: "60,500" } });
  expect(changesOf(last)).toEqual([{ path: "average_salary", before: 51000, after: 60500 }]);
  expect((salary as HTMLInputElement).value).toBe("60,500");
  fireEvent.click(screen.getByRole("button", { name: "Restore Average salary" }));
  expect(changesOf(last)).toEqual([]);
  expect((salary as HTMLInputElement).value).toBe("51000");
});

it("tells missing from null, shows unknown fields, and names what is wrong at its field", () => {
  const violations = [{ pointer: "/title", rule: "minLength", message: "Must not be empty." }];
  render(<Host document={record} violations={violations} onDraft={() => {}} />);
  expect(screen.getAllByText("not set").length).toBeGreaterThan(3);
  expect(screen.getByText("null")).toBeDefined();
  expect(screen.getByText("missing")).toBeDefined();
  expect((screen.getByRole("textbox", { name: "Mystery" }) as HTMLInputElement).value).toBe("kept");
  const title = screen.getByRole("textbox", { name: "Title" });
  const error = title.getAttribute("aria-describedby") ?? "";
  expect(document.getElementById(error.split(" ")[0] ?? "")?.textContent).toBe("Must not be empty.");
});
