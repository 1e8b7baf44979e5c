"""Baseline of `cargo xtask bench shapes` for backups: a raw cursor over a collection, and gzip of what it gives.

Arguments: URI, collection. Prints seconds of the reading alone, and bytes after gzip (level 6, as mongodump uses it).
"""
import sys
import time
import zlib

from pymongo import MongoClient

uri, collection = sys.argv[1:]
records = MongoClient(uri).get_default_database()[collection]
started = time.perf_counter()
for _ in records.find_raw_batches():
    pass
seconds = time.perf_counter() - started
packer = zlib.compressobj(6, zlib.DEFLATED, 31)
packed = sum(len(packer.compress(batch)) for batch in records.find_raw_batches()) + len(packer.flush())
print(seconds, packed)
