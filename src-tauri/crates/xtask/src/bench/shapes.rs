//! Kinds of records that the measurements run over: several scripts, sizes, depths and shares of invalid rows. Seeded, so
//! that every run has the same rows.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use crate::Chore;
use crate::careers::Random;

/// One kind of record with its schema.
pub struct Shape {
    pub name: &'static str,
    /// Field of the key.
    pub key: &'static str,
    /// Rows in a thousand that break a rule.
    invalid: u64,
    /// Rows for each hundred that the run asks for: big records come in smaller numbers.
    share: u64,
    schema: fn() -> Json,
    row: fn(&Maker, u64, &mut Random, bool) -> Json,
}

/// What rows are made from.
pub struct Maker {
    careers: Json,
    occupations: Vec<Json>,
    tongue: Tongue,
}

/// Words of one script.
#[derive(Clone, Copy)]
struct Tongue {
    works: &'static [&'static str],
    people: &'static [&'static str],
    skills: &'static [&'static str],
    sentences: &'static [&'static str],
}

const ASCII: Tongue = Tongue {
    works: &["Data", "Health", "Energy", "Marine", "Textile", "Forest", "Finance"],
    people: &["Analysts", "Engineers", "Nurses", "Teachers", "Inspectors", "Operators"],
    skills: &["Critical Thinking", "Speaking", "Writing", "Mathematics", "Programming", "Negotiation", "Monitoring"],
    sentences: &[
        "plan and carry out the work in teams, keep records of it and advise others on what they found.",
        "measure what was done, compare it with what was agreed and report both to those who asked.",
    ],
};

const ACCENTS: Tongue = Tongue {
    works: &["Données", "Santé", "Énergie", "Forêt", "Génie civil", "Télécommunication", "Sécurité"],
    people: &["Ingénieurs", "Infirmières", "Müller", "Géomètres", "Opérateurs", "Pâtissiers"],
    skills: &["Résolution de problèmes", "Écoute", "Rédaction", "Mathématiques", "Négociation", "Qualité", "Übersicht"],
    sentences: &[
        "prévoient et exécutent les tâches en équipe, gardent la trace de ce qui a été fait et conseillent le personnel.",
        "mesurent le résultat, le comparent à ce qui était décidé et préviennent ceux qui l'ont demandé.",
    ],
};

const CYRILLIC: Tongue = Tongue {
    works: &["Данные", "Здоровье", "Энергетика", "Море", "Лесное дело", "Финансы"],
    people: &["Аналитики", "Инженеры", "Учителя", "Операторы", "Инспекторы"],
    skills: &["Критическое мышление", "Письмо", "Математика", "Переговоры", "Наблюдение", "Обучение"],
    sentences: &[
        "планируют и выполняют работу в группе, ведут записи и советуют другим, что делать дальше.",
        "измеряют результат, сравнивают его с договором и сообщают об этом тем, кто спрашивал.",
    ],
};

const CHINESE: Tongue = Tongue {
    works: &["数据", "卫生", "能源", "海洋", "纺织", "林业", "金融"],
    people: &["分析师", "工程师", "护士", "教师", "检查员", "操作员"],
    skills: &["批判性思维", "口语表达", "写作", "数学", "程序设计", "谈判", "监督"],
    sentences: &[
        "负责计划并与团队一起完成工作,保存工作记录,并把发现的情况告诉其他人,为他们提供建议。",
        "测量已经完成的工作,把它与事先约定的内容进行比较,然后向提出要求的人报告结果。",
    ],
};

const EMOJI: Tongue = Tongue {
    works: &["Data 📊", "Health 🩺", "Energy ⚡", "Marine 🐟", "Forest 🌲"],
    people: &["Analysts 👩🏽‍💻", "Engineers 👷", "Nurses 🧑‍⚕️", "Teachers 👩‍🏫"],
    skills: &["Thinking 🧠", "Speaking 🗣️", "Writing ✍️", "Mathematics ➗", "Coding 💻", "Listening 👂"],
    sentences: &[
        "plan the work 🗓️ in teams 👥, keep records 🗂️ and advise others 💬 on what they found 🔍.",
        "measure 📏 what was done, compare ⚖️ it with the plan and report 📣 to those who asked.",
    ],
};

/// All kinds, each with the script that its words come from.
const SHAPES: &[(Shape, Tongue)] = &[
    (career("ASCII", 10), ASCII),
    (career("accents", 10), ACCENTS),
    (career("accents, none invalid", 0), ACCENTS),
    (career("accents, half invalid", 500), ACCENTS),
    (career("Cyrillic", 10), CYRILLIC),
    (career("Chinese", 10), CHINESE),
    (career("emoji", 10), EMOJI),
    (Shape { name: "texts of the sample", key: "career_id", invalid: 10, share: 100, schema: career_schema, row: sampled }, ASCII),
    (Shape { name: "tiny records", key: "id", invalid: 10, share: 300, schema: tiny_schema, row: tiny }, ASCII),
    (Shape { name: "texts of 4 KB", key: "id", invalid: 10, share: 20, schema: long_schema, row: long }, CYRILLIC),
    (Shape { name: "200 columns", key: "id", invalid: 10, share: 20, schema: wide_schema, row: wide }, ACCENTS),
    (Shape { name: "six levels, oneOf, $ref", key: "id", invalid: 10, share: 50, schema: nested_schema, row: nested }, CHINESE),
    (Shape { name: "dates and patterns", key: "id", invalid: 10, share: 100, schema: dated_schema, row: dated }, ACCENTS),
];

const fn career(name: &'static str, invalid: u64) -> Shape {
    Shape { name, key: "career_id", invalid, share: 100, schema: career_schema, row: career_row }
}

/// A shape whose rows and schema are on the disk.
pub struct Written {
    pub shape: &'static Shape,
    pub rows: u64,
    pub bytes: u64,
    pub file: PathBuf,
    pub schema: PathBuf,
}

/// Writes rows and schema of every shape whose name holds `only`, one after the other, and hands each to `then`.
///
/// # Errors
/// A sentence: the folder cannot be written, the sample is not there, or what `then` said.
pub fn each(root: &Path, folder: &Path, size: u64, only: &str, mut then: impl FnMut(&Written) -> Chore) -> Chore {
    let sample = root.join("schemas/careers/sample/production_career_data.json");
    let text = std::fs::read(&sample).map_err(|e| format!("{}: {e}", sample.display()))?;
    let occupations: Vec<Json> = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    for (number, (shape, tongue)) in SHAPES.iter().enumerate().filter(|(_, (shape, _))| shape.name.contains(only)) {
        let maker = Maker { careers: career_schema(), occupations: occupations.clone(), tongue: *tongue };
        let rows = (size * shape.share / 100).max(1);
        let (file, schema) = (folder.join(format!("shape-{number}.ndjson")), folder.join(format!("shape-{number}.json")));
        std::fs::write(&schema, (shape.schema)().to_string()).map_err(|e| e.to_string())?;
        shape.write(&maker, rows, &file).map_err(|e| format!("{}: {e}", file.display()))?;
        let bytes = std::fs::metadata(&file).map_err(|e| e.to_string())?.len();
        then(&Written { shape, rows, bytes, file, schema })?;
    }
    Ok(())
}

impl Shape {
    fn write(&self, maker: &Maker, rows: u64, to: &Path) -> std::io::Result<()> {
        let mut out = std::io::BufWriter::new(std::fs::File::create(to)?);
        for number in 0..rows {
            let mut dice = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 42);
            (0..3).for_each(|_| {
                dice.roll(2);
            });
            let bad = dice.roll(1000) < self.invalid;
            writeln!(out, "{}", (self.row)(maker, number, &mut dice, bad))?;
        }
        out.flush()
    }
}

impl Maker {
    fn skills(&self, dice: &mut Random) -> Vec<&str> {
        let all = self.tongue.skills;
        let first = dice.below(all.len());
        (0..5).map(|i| all[(first + i) % all.len()]).collect()
    }

    /// `sentences` sentences of this script, with a number that tells the texts apart.
    fn text(&self, sentences: usize, dice: &mut Random) -> String {
        let mut text = String::new();
        for _ in 0..sentences {
            let (work, people) = (dice.pick(self.tongue.works), dice.pick(self.tongue.people));
            let sentence = dice.pick(self.tongue.sentences);
            text.push_str(&format!("{work} {people} {} {sentence} ", dice.roll(311)));
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn career_schema() -> Json {
    let schema = include_str!("../../../../../schemas/careers/1.0.0.json");
    serde_json::from_str(schema).unwrap_or_default()
}

fn career_row(maker: &Maker, number: u64, dice: &mut Random, bad: bool) -> Json {
    let levels = maker.careers["properties"]["education_level"]["enum"].as_array();
    let level = levels.map_or(Json::Null, |levels| levels[dice.below(4)].clone());
    let (work, people) = (dice.pick(maker.tongue.works), dice.pick(maker.tongue.people));
    let mut record = json!({
        "career_id": format!("C-{number:08}"),
        "title": format!("{work} {people} {}", number % 977),
        "description": maker.text(2, dice),
        "average_salary": 25_000 + dice.roll(120_000),
        "education_level": level,
        "required_skills": maker.skills(dice),
        "job_zone": 1 + number % 5,
        "soc_code": format!("{:02}-{:04}", 11 + number % 40, 1000 + number % 9000),
        "employment": 100 + dice.roll(90_000),
        "industry": work,
        "remote_friendly": dice.roll(2) == 0,
    });
    if bad {
        match dice.roll(5) {
            0 => record["average_salary"] = json!("unknown"),
            1 => record["average_salary"] = json!(-5),
            2 => record["education_level"] = json!("Kindergarten"),
            3 => record["title"] = json!(""),
            _ => record["description"] = json!("Too short"),
        }
    }
    record
}

/// Real occupations with figures, skills and numbers of their own.
fn sampled(maker: &Maker, number: u64, dice: &mut Random, bad: bool) -> Json {
    let mut career = maker.occupations[dice.below(maker.occupations.len())].clone();
    career["career_id"] = json!(format!("C-{number:08}"));
    career["title"] = json!(format!("{} {}", career["title"].as_str().unwrap_or_default(), dice.roll(10_000)));
    career["average_salary"] = if bad { json!("unknown") } else { json!(25_000 + dice.roll(200_000)) };
    career["employment"] = json!(1_000 + dice.roll(99_000));
    for (field, most) in [("required_skills", 5), ("hot_technologies", 2), ("alternate_titles", 2)] {
        let Some(list) = career[field].as_array_mut() else { continue };
        while list.len() > most {
            list.swap_remove(dice.below(list.len()));
        }
    }
    career
}

/// A schema of an object with these properties, of which the key and `required` are required.
fn object(required: &[&str], properties: &Json) -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Thing",
        "type": "object",
        "required": required,
        "properties": properties,
        "x-steward": { "collection": "things", "key": "id" },
    })
}

fn tiny_schema() -> Json {
    object(&["id", "n"], &json!({ "id": { "type": "integer" }, "n": { "type": "number", "minimum": 0 } }))
}

fn tiny(_: &Maker, number: u64, dice: &mut Random, bad: bool) -> Json {
    json!({ "id": number, "n": if bad { json!(-1) } else { json!(dice.roll(1000)) } })
}

fn long_schema() -> Json {
    let text = json!({ "type": "string", "minLength": 100, "maxLength": 20_000, "pattern": "\\S" });
    object(&["id", "text"], &json!({ "id": { "type": "string", "minLength": 1 }, "title": { "type": "string" }, "text": text }))
}

fn long(maker: &Maker, number: u64, dice: &mut Random, bad: bool) -> Json {
    let sentence = maker.text(1, dice).len();
    let text = if bad { "…".to_owned() } else { maker.text(4096 / sentence.max(1) + 1, dice) };
    json!({ "id": format!("T{number}"), "title": maker.text(1, dice), "text": text })
}

fn wide_schema() -> Json {
    let mut properties = Map::new();
    properties.insert("id".into(), json!({ "type": "string", "minLength": 1 }));
    for column in 1..200 {
        let rule = match column % 5 {
            0 => json!({ "type": ["number", "null"], "minimum": 0 }),
            1 => json!({ "type": ["string", "null"], "maxLength": 200 }),
            2 => json!({ "type": ["integer", "null"] }),
            3 => json!({ "type": ["boolean", "null"] }),
            _ => json!({ "type": ["string", "null"], "enum": ["new", "open", "closed", null] }),
        };
        properties.insert(format!("column_{column}"), rule);
    }
    object(&["id"], &Json::Object(properties))
}

fn wide(maker: &Maker, number: u64, dice: &mut Random, bad: bool) -> Json {
    let mut record = Map::new();
    record.insert("id".into(), json!(format!("W{number}")));
    let wrong = if bad { 1 + dice.roll(199) } else { 0 };
    for column in 1..200_u64 {
        let value = match column % 5 {
            _ if column == wrong => json!({ "wrong": true }),
            _ if dice.roll(10) == 0 => Json::Null,
            0 => json!(dice.roll(100_000) as f64 / 8.0),
            1 => json!(format!("{} {}", dice.pick(maker.tongue.skills), dice.roll(50))),
            2 => json!(dice.roll(100_000)),
            3 => json!(dice.roll(2) == 0),
            _ => json!(dice.pick(&["new", "open", "closed"])),
        };
        record.insert(format!("column_{column}"), value);
    }
    Json::Object(record)
}

fn nested_schema() -> Json {
    let mut schema = object(
        &["id", "customer", "lines", "payment"],
        &json!({
            "id": { "type": "string", "pattern": "^O-\\d+$" },
            "customer": { "$ref": "#/$defs/person" },
            "lines": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/line" } },
            "payment": { "oneOf": [{ "$ref": "#/$defs/card" }, { "$ref": "#/$defs/transfer" }, { "$ref": "#/$defs/cash" }] },
        }),
    );
    let closed = |required: &[&str], properties: Json| json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false });
    schema["$defs"] = json!({
        "person": closed(&["name", "address"], json!({ "name": { "type": "string", "minLength": 1 }, "address": { "$ref": "#/$defs/address" } })),
        "address": closed(&["street", "place"], json!({ "street": { "type": "string" }, "place": { "$ref": "#/$defs/place" } })),
        "place": closed(&["code", "point"], json!({ "code": { "type": "string", "pattern": "^\\d{5}$" }, "point": { "$ref": "#/$defs/point" } })),
        "point": closed(&["at"], json!({ "at": closed(&["lat", "lon"], json!({ "lat": { "type": "number", "minimum": -90, "maximum": 90 }, "lon": { "type": "number" } })) })),
        "line": closed(&["article", "count", "price"], json!({
            "article": { "type": "string", "minLength": 1 },
            "count": { "type": "integer", "minimum": 1 },
            "price": { "type": "number", "minimum": 0 },
            "notes": { "type": "array", "items": { "type": "string", "maxLength": 300 } },
        })),
        "card": closed(&["kind", "last4"], json!({ "kind": { "const": "card" }, "last4": { "type": "string", "pattern": "^\\d{4}$" } })),
        "transfer": closed(&["kind", "iban"], json!({ "kind": { "const": "transfer" }, "iban": { "type": "string", "pattern": "^[A-Z]{2}\\d{20}$" } })),
        "cash": closed(&["kind", "given"], json!({ "kind": { "const": "cash" }, "given": { "type": "number" } })),
    });
    schema
}

fn nested(maker: &Maker, number: u64, dice: &mut Random, bad: bool) -> Json {
    let lines: Vec<Json> = (0..=dice.roll(4))
        .map(|_| {
            let notes: Vec<String> = (0..dice.roll(3)).map(|_| maker.text(1, dice)).collect();
            json!({ "article": dice.pick(maker.tongue.works), "count": 1 + dice.roll(9), "price": dice.roll(10_000) as f64 / 4.0, "notes": notes })
        })
        .collect();
    let payment = match dice.roll(3) {
        _ if bad => json!({ "kind": "transfer", "iban": "DE12" }),
        0 => json!({ "kind": "card", "last4": format!("{:04}", dice.roll(10_000)) }),
        1 => json!({ "kind": "transfer", "iban": format!("DE{:020}", dice.roll(u64::from(u32::MAX))) }),
        _ => json!({ "kind": "cash", "given": dice.roll(500) }),
    };
    let at = json!({ "lat": dice.roll(180) as f64 - 90.0, "lon": dice.roll(360) as f64 / 3.0 });
    let place = json!({ "code": format!("{:05}", dice.roll(100_000)), "point": { "at": at } });
    let address = json!({ "street": dice.pick(maker.tongue.works), "place": place });
    let customer = json!({ "name": dice.pick(maker.tongue.people), "address": address });
    json!({ "id": format!("O-{number}"), "customer": customer, "lines": lines, "payment": payment })
}

fn dated_schema() -> Json {
    object(
        &["id", "email", "created_at", "country", "phone"],
        &json!({
            "id": { "type": "string", "format": "uuid" },
            "email": { "type": "string", "format": "email" },
            "website": { "type": ["string", "null"], "format": "uri" },
            "created_at": { "type": "string", "format": "date-time" },
            "updated_at": { "type": "string", "format": "date-time" },
            "born": { "type": "string", "format": "date" },
            "from": { "type": "string", "format": "time" },
            "country": { "type": "string", "pattern": "^[A-Z]{2}$" },
            "phone": { "type": "string", "pattern": "^\\+\\d{1,3}( \\d{2,5}){2,4}$" },
            "code": { "type": "string", "pattern": "^[A-Za-z]{3}-\\d{4}(-[a-z0-9]+)?$" },
            "name": { "type": "string", "pattern": "^\\p{L}[\\p{L}\\p{M}' .-]*$" },
            "address": { "type": "string", "format": "ipv4" },
            "tags": { "type": "array", "uniqueItems": true, "items": { "type": "string", "pattern": "^\\p{L}+$" } },
        }),
    )
}

fn dated(maker: &Maker, number: u64, dice: &mut Random, bad: bool) -> Json {
    let (year, month, day) = (1950 + dice.roll(70), 1 + dice.roll(12), 1 + dice.roll(28));
    let (hour, minute) = (dice.roll(24), dice.roll(60));
    let mut record = json!({
        "id": format!("{number:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", dice.roll(1 << 16), dice.roll(1 << 12), dice.roll(1 << 12), dice.roll(1 << 30)),
        "email": format!("person.{}@example-{}.org", dice.roll(1_000_000), dice.roll(100)),
        "website": format!("https://example-{}.org/people/{number}?tab=all#top", dice.roll(100)),
        "created_at": format!("20{:02}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z", dice.roll(27)),
        "updated_at": format!("20{:02}-{month:02}-{day:02}T{hour:02}:{minute:02}:30.125+02:00", dice.roll(27)),
        "born": format!("{year}-{month:02}-{day:02}"),
        "from": format!("{hour:02}:{minute:02}:00Z"),
        "country": dice.pick(&["DE", "FR", "PL", "US", "CN"]),
        "phone": format!("+{} {:03} {:04} {:03}", 1 + dice.roll(200), dice.roll(1000), dice.roll(10_000), dice.roll(1000)),
        "code": format!("Abc-{:04}-x{}", dice.roll(10_000), dice.roll(100)),
        "name": dice.pick(maker.tongue.people),
        "address": format!("10.{}.{}.{}", dice.roll(256), dice.roll(256), dice.roll(256)),
        "tags": ["un", "deux", "été"],
    });
    if bad {
        match dice.roll(4) {
            0 => record["email"] = json!("nobody"),
            1 => record["created_at"] = json!("2024-13-01T00:00:00Z"),
            2 => record["phone"] = json!("0049 30"),
            _ => record["country"] = json!("Germany"),
        }
    }
    record
}
