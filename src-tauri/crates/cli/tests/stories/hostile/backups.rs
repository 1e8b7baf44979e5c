//! Backups and dumps from someone else.

use std::io::Write;

use bson::doc;

use super::watched;
use crate::common::Place;

fn place() -> Place {
    let at = Place::file();
    at.json(0, &["init"]);
    at
}

#[cfg(unix)]
#[test]
fn links_in_a_dump_lead_nowhere_else() {
    let at = place();
    let private = at.path("private.bson");
    std::fs::write(&private, doc! {"_id": 1, "secret": "geheim"}.to_vec().unwrap()).unwrap();
    let dump = at.path("dump/shop");
    std::fs::create_dir_all(&dump).unwrap();
    std::fs::write(dump.join("things.bson"), doc! {"_id": 1, "k": 1}.to_vec().unwrap()).unwrap();
    std::os::unix::fs::symlink(dump.join("things.bson"), dump.join("same.bson")).unwrap();
    let folder = at.path("dump").display().to_string();
    watched(&at, &["import", &folder, "--part", "shop.same", "--no-schema", "--collection", "x", "--key", "k"]).ended(0);
    for (link, target) in [(dump.join("evil.bson"), private.as_path()), (at.path("dump/evil"), private.parent().unwrap())] {
        std::os::unix::fs::symlink(target, &link).unwrap();
        for way in [
            vec!["import", &folder, "--part", "shop.evil", "--no-schema", "--collection", "y", "--key", "k"],
            vec!["restore", &folder, "--yes"],
            vec!["validate", &folder, "--schema", "careers"],
        ] {
            let said = watched(&at, &way);
            said.says("a link that leads out of this folder");
            assert!(!said.out.contains("geheim") && said.code != Some(0), "{}", said.out);
        }
        std::fs::remove_file(&link).unwrap();
    }
}

#[test]
fn a_passphrase_may_cost_only_so_much() {
    let mut at = place();
    at.environment = vec![("STEWARD_BACKUP_PASSPHRASE", "word".into())];
    // An age header that asks for 2^30 rounds: hours, and a terabyte.
    let header = "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 30\nQCM4ZRUkW5Ebj3OtcSgIKwMX4rHWYOmoXqG0uEKEK4k\n--- Nj34mQjjjlq1RE3tW8gHVVl8N1LwQJ+iOI8a3OqZTQE\n";
    let file = at.write("slow.archive.age", [header.as_bytes(), &[7; 200]].concat());
    let said = watched(&at, &["restore", &file]);
    assert_ne!(said.code, Some(0));
    said.says("asks for more work on its passphrase");
}

#[test]
fn an_archive_does_not_unfold_into_thousands_of_its_size() {
    let at = place();
    let path = at.path("bomb.archive.zst");
    let mut out = zstd::Encoder::new(std::fs::File::create(&path).unwrap(), 3).unwrap();
    out.write_all(&0x8199_e26d_u32.to_le_bytes()).unwrap();
    out.write_all(&doc! {"version": "0.1", "server_version": "6.0"}.to_vec().unwrap()).unwrap();
    out.write_all(&doc! {"db": "d", "collection": "things", "metadata": "{}", "type": "collection"}.to_vec().unwrap()).unwrap();
    out.write_all(&u32::MAX.to_le_bytes()).unwrap();
    out.write_all(&doc! {"db": "d", "collection": "things", "EOF": false, "CRC": 0_i64}.to_vec().unwrap()).unwrap();
    let filler = "x".repeat(8 << 20);
    for n in 0..150 {
        out.write_all(&doc! {"_id": n, "x": &filler}.to_vec().unwrap()).unwrap();
    }
    out.finish().unwrap();
    let file = path.display().to_string();
    let said = watched(&at, &["restore", &file, "--yes"]);
    assert_ne!(said.code, Some(0));
    said.says("a thousand times its size");
    assert!(
        watched(&at, &["records", "collections"]).out.trim().is_empty()
            || !watched(&at, &["records", "collections"]).out.contains("things")
    );
}
