//! A page of documentation for each built-in pack, made from the pack itself: `docs/packs/*.md`.

use std::collections::BTreeMap;
use std::fmt::Write;

use steward_schema::{Field, Pack, PackError, Registry, changes, describe, examples};

/// File names below `docs/packs`, with their texts.
pub fn pages() -> Result<Vec<(String, String)>, PackError> {
    let registry = Registry::builtin()?;
    let mut names: BTreeMap<&str, &Pack> = BTreeMap::new();
    for pack in registry.all() {
        // Versions ascend, so that the newest stays.
        names.insert(&pack.id.name, pack);
    }
    let mut out = vec![("README.md".to_owned(), index(&names))];
    for (name, pack) in names {
        out.push((format!("{name}.md"), page(pack, registry.versions(name))));
    }
    Ok(out)
}

fn index(packs: &BTreeMap<&str, &Pack>) -> String {
    let mut out = String::from(
        "# Schema packs\n\nWhat comes with Steward. These pages are made from the packs (`cargo xtask gen`). A workspace can have\npacks of its own next to them: see [the guide](../guide/schemas.md).\n\n| pack | is about | collection | key |\n|---|---|---|---|\n",
    );
    for (name, pack) in packs {
        line(
            &mut out,
            &format!(
                "| [{name}]({name}.md) | {} | `{}` | `{}` |",
                cell(pack.text("description")),
                pack.steward.collection,
                pack.steward.key
            ),
        );
    }
    out
}

fn page(pack: &Pack, versions: &[Pack]) -> String {
    let mut out =
        format!("# {}\n\n`{}`, newest version {}. {}\n", pack.text("title"), pack.id.name, pack.id.version, pack.text("description"));
    line(&mut out, &format!("\nRecords go to the collection `{}` and are identified by `{}`.", pack.steward.collection, pack.steward.key));
    if let Some(how) = &pack.steward.normalise {
        let to = how.to.split('@').next().unwrap_or_default();
        line(&mut out, &format!("They are stored as records of [{to}]({to}.md), after they were checked as what they are."));
    }
    fields(&mut out, pack);
    kept_out(&mut out, pack);
    recognised(&mut out, pack);
    indexes(&mut out, pack);
    history(&mut out, versions);
    let number = examples::of_builtin(&pack.id).len();
    line(
        &mut out,
        &format!(
            "\n## Try it\n\n```\nsteward schema show {0}\nsteward schema test {0}            runs its {number} examples\n```",
            pack.id.name
        ),
    );
    out
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{text}");
}

/// Text that may be in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn fields(out: &mut String, pack: &Pack) {
    out.push_str("\n## Fields\n\n| field | type | required | rules | meaning |\n|---|---|---|---|---|\n");
    for field in describe(pack) {
        let required = if field.required { "yes" } else { "" };
        let private = if pack.steward.pii.contains(&field.name) { " Personal data." } else { "" };
        line(
            out,
            &format!(
                "| `{}` | {} | {required} | {} | {}{private} |",
                field.name,
                kind(&field),
                cell(&rules(&field)),
                cell(&field.description)
            ),
        );
    }
}

fn kind(field: &Field) -> String {
    let types = field.types.join(" or ");
    if field.format.is_empty() { types } else { format!("{types} ({})", field.format) }
}

fn rules(field: &Field) -> String {
    let choices: Vec<String> =
        field.choices.iter().map(|choice| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned)).collect();
    let one_of = if choices.is_empty() { String::new() } else { format!("one of {}", choices.join(", ")) };
    // A form is a regular expression, and would be read as Markdown.
    let plain = field.rules.split_once("of the form ").map(|(before, form)| format!("{before}of the form `{form}`"));
    let all = [one_of, plain.unwrap_or_else(|| field.rules.clone())];
    all.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

fn kept_out(out: &mut String, pack: &Pack) {
    if pack.steward.placeholder.is_empty() {
        return;
    }
    out.push_str("\n## Placeholder content\n\nRecords with content that stands for content are kept out, too:\n\n");
    for rule in &pack.steward.placeholder {
        line(out, &format!("- `{}` in {}: {}", rule.name, rule.fields.join(", "), rule.message));
    }
}

fn recognised(out: &mut String, pack: &Pack) {
    let detect = &pack.steward.detect;
    out.push_str("\n## How it is recognised\n\n");
    line(out, &format!("By the fields {}", list(&detect.required)));
    if !detect.supporting.is_empty() {
        line(out, &format!("More sure by {}", list(&detect.supporting)));
    }
    let named: Vec<_> = pack.steward.columns.iter().filter(|(_, column)| !column.names.is_empty()).collect();
    if !named.is_empty() {
        out.push_str("\nColumns of tables may have other names; capital letters, spaces, `_` and `-` make no difference:\n\n");
        for (field, column) in named {
            line(out, &format!("- `{field}`: {}", column.names.join(", ")));
        }
    }
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{}.", quoted.join(", "))
}

fn indexes(out: &mut String, pack: &Pack) {
    if pack.steward.indexes.is_empty() {
        return;
    }
    out.push_str("\n## Indexes\n\n");
    for index in &pack.steward.indexes {
        let what = if index.text.is_empty() { index.fields.join(", ") } else { format!("words in {}", index.text.join(", ")) };
        line(out, &format!("- `{}`: {what}{}", index.name, if index.unique { ", each value once" } else { "" }));
    }
}

fn history(out: &mut String, versions: &[Pack]) {
    out.push_str("\n## Versions\n\n");
    for (at, pack) in versions.iter().enumerate().rev() {
        let said = match at.checked_sub(1).and_then(|before| versions.get(before)) {
            Some(before) => changes(before, pack).join(" "),
            None => "The first version.".to_owned(),
        };
        line(out, &format!("- {}: {said}", pack.id.version));
    }
}
