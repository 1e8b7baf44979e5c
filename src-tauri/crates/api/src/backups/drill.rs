//! The report of a recovery drill: what was restored, how long it took, what was checked. For the auditor's folder.

use std::fmt::Write as _;
use std::path::Path;

use crate::dto::BackupVerified;
use crate::error::{ApiError, ApiResult, ErrorCode};

/// Writes the report as Markdown.
pub async fn write(path: &Path, verified: &BackupVerified) -> ApiResult<()> {
    let failed = |e: std::io::Error| {
        ApiError::new(ErrorCode::Unreachable, format!("The report cannot be written to {}.", path.display())).details(e.to_string())
    };
    tokio::fs::write(path, text(verified)).await.map_err(failed)
}

fn text(verified: &BackupVerified) -> String {
    let (backup, verification) = (&verified.backup, &verified.verification);
    let mut out = String::from("# Recovery drill\n\n");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "| {name} | {} |", value.replace('|', "\\|"));
    };
    row("What", "Value");
    row("---", "---");
    row("Outcome", if verification.passed { "passed" } else { "FAILED" });
    row("Done at", &verification.at);
    row("Took", &format!("{:.1} s", verification.seconds));
    row("Backup", &backup.id);
    row("Taken at", &backup.made_at);
    row("Of", &format!("{} ({})", backup.workspace, backup.address));
    row("From", &backup.place);
    row("File", &format!("{}, {} bytes, SHA-256 {}", backup.file, backup.bytes, backup.sha256));
    let how = if verification.restored { "restored into a scratch workspace and compared" } else { "read to its end" };
    row("How", how);
    out.push_str("\n## Checked\n\nSHA-256 of the file, encryption and compression, checksum, number and content of each collection");
    out.push_str(if verification.restored { ", indexes, options and validators, records against their schemas.\n\n" } else { ".\n\n" });
    out.push_str("| Collection | Records | Schema | Records that break it |\n|---|---|---|---|\n");
    for c in &verified.collections {
        let invalid = c.invalid.map_or_else(|| "not looked at".to_owned(), |n| n.to_string());
        let _ = writeln!(out, "| {} | {} | {} | {invalid} |", c.name, c.records, c.schema.as_deref().unwrap_or("none"));
    }
    for (title, lines) in [("Problems", &verification.problems), ("Notes", &verified.notes)] {
        if !lines.is_empty() {
            let _ = write!(out, "\n## {title}\n\n");
            lines.iter().for_each(|line| {
                let _ = writeln!(out, "- {line}");
            });
        }
    }
    out
}
