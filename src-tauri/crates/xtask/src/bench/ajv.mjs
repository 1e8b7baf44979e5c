// Baseline of `cargo xtask bench validate`: what a careful script does with Ajv. Arguments: NDJSON, JSON Schema, report.
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

const [path, schema, report] = process.argv.slice(2)
const ajv = new Ajv({ allErrors: true, strict: false })
addFormats(ajv)
const check = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')))
const out = createWriteStream(report)
let bad = 0
let row = 0
for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
  row += 1
  if (check(JSON.parse(line))) continue
  bad += 1
  for (const error of check.errors) out.write(`${row},${error.instancePath},${error.keyword},${error.message}\n`)
}
out.end()
console.log(bad)
