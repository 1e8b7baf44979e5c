"""Baseline of `cargo xtask bench validate`: pandas reads, jsonschema checks. Arguments: CSV, JSON Schema, report."""
import csv
import json
import sys

import pandas
from jsonschema import Draft202012Validator

path, schema, report = sys.argv[1:]
with open(schema, encoding="utf-8") as file:
    validator = Draft202012Validator(json.load(file), format_checker=Draft202012Validator.FORMAT_CHECKER)
numbers = {"rating": float, "duration_minutes": int}
bad = 0
with open(report, "w", newline="", encoding="utf-8") as file:
    out = csv.writer(file)
    row = 0
    for frame in pandas.read_csv(path, dtype=str, keep_default_na=False, chunksize=50_000):
        for record in frame.to_dict("records"):
            row += 1
            record = {name: value for name, value in record.items() if value != ""}
            for name, kind in numbers.items():
                try:
                    record[name] = kind(record[name])
                except (KeyError, ValueError):
                    pass
            if isinstance(record.get("topics"), str):
                record["topics"] = record["topics"].split(";")
            errors = list(validator.iter_errors(record))
            bad += bool(errors)
            for error in errors:
                out.writerow([row, error.json_path, error.validator, error.message])
print(bad)
