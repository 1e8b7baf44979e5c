import { describe, expect, it } from "vitest";
import type { ExtObject } from "@/ipc";
import careers from "../../../../schemas/careers/1.0.0.json";
import { fieldsOf, guessedSpec, leaves, specAt } from "./model";

const specs = fieldsOf(careers as unknown as ExtObject);

describe("the fields of careers", () => {
  it("keeps the order of the schema and knows what is required", () => {
    expect(specs.slice(0, 4).map((spec) => [spec.name, spec.required])).toEqual([
      ["career_id", true],
      ["title", true],
      ["description", true],
      ["average_salary", true],
    ]);
  });

  it("chooses a control for each", () => {
    const kinds = Object.fromEntries(specs.map((spec) => [spec.name, spec.kind]));
    expect(kinds).toMatchObject({
      title: "text",
      description: "longText",
      average_salary: "number",
      education_level: "choice",
      required_skills: "list",
      salary_range: "object",
      job_zone: "integer",
      remote_friendly: "boolean",
      updated_at: "dateTime",
    });
  });

  it("offers choices without null and says that null is allowed", () => {
    const level = specAt(specs, "education_level");
    expect(level?.choices).toEqual(["High School", "Bachelor's", "Master's", "PhD"]);
    expect(level?.nullable).toBe(true);
  });

  it("reaches nested fields", () => {
    expect(specAt(specs, "salary_range.currency")).toMatchObject({ title: "Currency", required: true });
    expect(leaves(specs).map((spec) => spec.path)).toContain("salary_range.min");
  });
});

it("draws unknown fields by what they hold", () => {
  expect(guessedSpec("tags", ["a"]).kind).toBe("list");
  expect(guessedSpec("deep", { a: 1 }).kind).toBe("json");
});
