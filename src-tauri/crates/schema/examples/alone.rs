//! Baseline of `cargo xtask bench shapes`: each line parsed as JSON and checked by the jsonschema crate, and nothing else.
//! Arguments: NDJSON, JSON Schema. Prints the number of invalid lines.

use std::io::BufRead;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(schema)) = (arguments.next(), arguments.next()) else { return Err("NDJSON and schema?".into()) };
    let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(schema)?)?;
    let check = jsonschema::options().should_validate_formats(true).build(&schema)?;
    let mut invalid = 0;
    for line in std::io::BufReader::new(std::fs::File::open(file)?).lines() {
        let record: serde_json::Value = serde_json::from_str(&line?)?;
        invalid += usize::from(check.iter_errors(&record).count() > 0);
    }
    println!("{invalid}");
    Ok(())
}
