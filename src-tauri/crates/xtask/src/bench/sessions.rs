//! Generated language sessions as CSV: seeded, a share of them invalid in one of five ways.

use std::io::Write;
use std::path::Path;

use crate::Chore;
use crate::careers::Random;

const LANGUAGES: &[&str] = &["Spanish", "German", "French", "Japanese", "Portuguese", "Arabic"];
const LEVELS: &[&str] = &["A1", "A2", "B1", "B2", "C1", "C2"];

/// Writes `count` rows, `invalid` of a thousand with an error. `messy` writes numbers and dates as spreadsheets of people
/// have them, for a mapping to put right.
pub fn write(count: u64, invalid: u64, messy: bool, to: &Path) -> Chore {
    let file = std::fs::File::create(to).map_err(|e| e.to_string())?;
    let mut out = std::io::BufWriter::new(file);
    let head = if messy {
        "Session,Learner,Begin,Score,Level,Minutes,Tongue,Partner,Subjects,Remarks"
    } else {
        "session_id,participant_email,started_at,rating,cefr_level,duration_minutes,language,partner_email,topics,notes"
    };
    writeln!(out, "{head}").map_err(|e| e.to_string())?;
    for number in 0..count {
        writeln!(out, "{}", row(number, invalid, messy)).map_err(|e| e.to_string())?;
    }
    out.flush().map_err(|e| e.to_string())
}

fn row(number: u64, invalid: u64, messy: bool) -> String {
    let mut dice = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 7);
    for _ in 0..3 {
        dice.roll(2);
    }
    let fate = if dice.roll(1000) < invalid { dice.roll(5) } else { 9 };
    let id = if fate == 0 {
        "not-an-id".to_owned()
    } else {
        format!("{:08x}-{:04x}-4000-8000-{number:012x}", dice.roll(1 << 31), dice.roll(1 << 16))
    };
    let (month, day, hour, minute) = (1 + dice.roll(12), 1 + dice.roll(28), dice.roll(24), dice.roll(60));
    let start = match (fate, messy) {
        (1, _) => "yesterday".to_owned(),
        (_, true) => format!("{day:02}/{month:02}/2026 {hour:02}:{minute:02}"),
        (_, false) => format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"),
    };
    let rating = if fate == 2 { "1.7".to_owned() } else { format!("0.{:02}", dice.roll(100)) };
    let rating = if messy { rating.replace('.', ",") } else { rating };
    let level = if fate == 3 { "D1" } else { dice.pick(LEVELS) };
    let level = if messy { level.to_lowercase() } else { level.to_owned() };
    let minutes = if fate == 4 { "soon".to_owned() } else { (10 + dice.roll(110)).to_string() };
    let minutes = if messy { format!("{minutes} min") } else { minutes };
    let (language, partner, film) = (dice.pick(LANGUAGES), dice.roll(977), dice.pick(LANGUAGES));
    let separator = if messy { " / " } else { ";" };
    let rating = if messy { format!("\"{rating}\"") } else { rating };
    format!(
        "{id},person{number}@example.org,{start},{rating},{level},{minutes},{language},partner{partner}@example.org,\
         travel{separator}food,\"Talked about, among others, {film} films\""
    )
}
