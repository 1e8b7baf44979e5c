"""Baselines of `cargo xtask bench import`. Arguments: NDJSON, JSON Schema, MongoDB URI, key.

With a schema: what a careful script does. With "-" for it: the work of `mongoimport --mode=upsert` and nothing else, each
record replaced by its key and none checked, for machines that do not have the tool.
"""
import json
import sys

from jsonschema import Draft202012Validator
from pymongo import MongoClient, ReplaceOne, UpdateOne

path, schema, uri, key = sys.argv[1:]
validator = None
if schema != "-":
    with open(schema, encoding="utf-8") as file:
        validator = Draft202012Validator(json.load(file), format_checker=Draft202012Validator.FORMAT_CHECKER)
records = MongoClient(uri).get_default_database()["records"]
records.create_index(key, unique=True)
batch, bad = [], 0
with open(path, encoding="utf-8") as file:
    for line in file:
        record = json.loads(line)
        if validator is None:
            if record.get(key):
                batch.append(ReplaceOne({key: record[key]}, record, upsert=True))
        elif any(True for _ in validator.iter_errors(record)):
            bad += 1
            continue
        else:
            batch.append(UpdateOne({key: record[key]}, {"$set": record}, upsert=True))
        if len(batch) == 1000:
            records.bulk_write(batch, ordered=False)
            batch = []
if batch:
    records.bulk_write(batch, ordered=False)
print(bad)
