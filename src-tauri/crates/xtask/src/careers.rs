//! Generated careers for measurements: seeded, 1 % invalid of five kinds, 0.5 % with the id of an earlier row.

use std::io::Write;
use std::path::Path;

use crate::Chore;

/// A small linear congruential generator: the same rows every time.
pub struct Random(pub u64);

impl Random {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// An index below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll(sides.max(1) as u64)).unwrap_or(0)
    }

    pub fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const FIELDS: &[&str] =
    &["Data", "Health", "Energy", "Legal", "Marine", "Crop", "Music", "Traffic", "Finance", "Textile", "Mining", "Forest"];
const ROLES: &[&str] = &["Analysts", "Engineers", "Technicians", "Managers", "Nurses", "Teachers", "Inspectors", "Designers", "Operators"];
const SKILLS: &[&str] = &[
    "Critical Thinking",
    "Speaking",
    "Writing",
    "Mathematics",
    "Programming",
    "Negotiation",
    "Monitoring",
    "Coordination",
    "Instructing",
    "Persuasion",
];
const LEVELS: &[&str] = &["High School", "Bachelor's", "Master's", "PhD"];

/// One row; `raise` changes the salary of every row, for a load in which every record differs.
fn row(number: u64, raise: u64) -> String {
    let mut dice = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 42);
    for _ in 0..3 {
        dice.roll(2);
    }
    let fate = dice.roll(1000);
    let id = if number > 200 && fate < 5 { number - 1 - dice.roll(100) } else { number };
    let (field, role) = (dice.pick(FIELDS), dice.pick(ROLES));
    let level = dice.pick(LEVELS);
    let salary = 25_000 + dice.roll(120_000) + raise;
    let first = usize::try_from(dice.roll(SKILLS.len() as u64)).unwrap_or(0);
    let skills: Vec<String> = (0..5).map(|i| format!("\"{}\"", SKILLS[(first + i) % SKILLS.len()])).collect();
    let rare = if dice.roll(200) == 0 { " They also practise spectroscopy." } else { "" };
    let (level, salary) = match fate {
        5..=6 => (level.to_owned(), "\"unknown\"".to_owned()),
        7..=8 => ("Kindergarten".to_owned(), salary.to_string()),
        9..=10 => (level.to_owned(), "-5".to_owned()),
        _ => (level.to_owned(), format!("{salary}.0")),
    };
    let title = if (11..=12).contains(&fate) { String::new() } else { format!("{field} {role} {}", number % 977) };
    let description = if (13..=14).contains(&fate) {
        "Too short".to_owned()
    } else {
        format!(
            "{field} {role} of group {} plan and carry out {} work in teams, keep records of it and advise others on what they found.{rare} A {level} education is typical.",
            number % 311,
            field.to_lowercase()
        )
    };
    format!(
        "{{\"career_id\":\"C-{id:08}\",\"title\":\"{title}\",\"description\":\"{description}\",\"average_salary\":{salary},\"education_level\":\"{level}\",\"required_skills\":[{}],\"job_zone\":{},\"soc_code\":\"{:02}-{:04}\",\"employment\":{},\"industry\":\"{field}\",\"remote_friendly\":{}}}\n",
        skills.join(","),
        1 + number % 5,
        11 + number % 40,
        1000 + number % 9000,
        100 + dice.roll(90_000),
        dice.roll(2) == 0
    )
}

/// Writes `count` rows.
pub fn write(count: u64, path: &Path) -> Chore {
    write_raised(count, path, 0)
}

/// Writes `count` rows, every salary raised.
pub fn write_raised(count: u64, path: &Path, raise: u64) -> Chore {
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
    for number in 0..count {
        out.write_all(row(number, raise).as_bytes()).map_err(failed)?;
    }
    out.flush().map_err(failed)
}
