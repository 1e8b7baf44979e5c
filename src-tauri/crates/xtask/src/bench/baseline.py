"""Baselines of `cargo xtask bench import`. Arguments: NDJSON, JSON Schema, MongoDB URI.

With a schema: what a careful script does. With "-" for it: the work of `mongoimport --mode=upsert` and nothing else, each
record replaced by its key and none checked, for machines that do not have the tool.
"""
import json
import sys

from jsonschema import Draft202012Validator
from pymongo import MongoClient, ReplaceOne, UpdateOne

path, schema, uri = sys.argv[1:]
validator = None
if schema != "-":
    with open(schema, encoding="utf-8") as file:
        validator = Draft202012Validator(json.load(file), format_checker=Draft202012Validator.FORMAT_CHECKER)
careers = MongoClient(uri).get_default_database()["careers"]
careers.create_index("career_id", unique=True)
batch, bad = [], 0
with open(path, encoding="utf-8") as file:
    for line in file:
        record = json.loads(line)
        if validator is None:
            if record.get("career_id"):
                batch.append(ReplaceOne({"career_id": record["career_id"]}, record, upsert=True))
        elif any(True for _ in validator.iter_errors(record)):
            bad += 1
            continue
        else:
            batch.append(UpdateOne({"career_id": record["career_id"]}, {"$set": record}, upsert=True))
        if len(batch) == 1000:
            careers.bulk_write(batch, ordered=False)
            batch = []
if batch:
    careers.bulk_write(batch, ordered=False)
print(bad)
