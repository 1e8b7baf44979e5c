//! A disk that is full in the middle of an import: it says so, and when there is room again the import goes on and loses nothing.

use std::process::{Command, Stdio};

use crate::common::{Place, number, text};

/// Runs a script that may mount: as it is for the administrator, else as one within its own namespace.
fn in_a_namespace(script: &str) -> Command {
    let me = Command::new("id").arg("-u").output().unwrap();
    let flags = if me.stdout.starts_with(b"0") { "-m" } else { "-Urm" };
    let mut command = Command::new("unshare");
    command.args([flags, "bash", "-euc", script]).stdin(Stdio::null());
    command
}

fn at_size(kib: usize) {
    let at = Place::file();
    let rows = 20_000;
    let lines: Vec<String> = (0..rows).map(|n| format!("{{\"k\":{n},\"name\":\"{}\"}}", format!("row {n} ").repeat(6))).collect();
    let file = at.write("many.ndjson", lines.join("\n"));
    let (disk, steward) = (at.path("disk"), env!("CARGO_BIN_EXE_steward"));
    std::fs::create_dir(&disk).unwrap();
    let script = format!(
        r#"mount -t tmpfs -o size={kib}k tmpfs {disk}
           export STEWARD_WORKSPACE={disk}/w.steward STEWARD_DATA={disk}/../data
           st() {{ {steward} "$@"; }}
           st init
           code=0; st import --no-schema --collection things --key k {file} 2> {disk}/../said || code=$?
           echo "import $code"
           mount -o remount,size=400m {disk}
           if [ $code != 0 ]; then st --json import {file} --resume > {disk}/../resumed; fi
           st --json runs list > {disk}/../runs
           st --json history verify > {disk}/../chain
           st records export {disk}/../out.ndjson --collection things
           cp {disk}/w.steward {disk}/../w.steward"#,
        disk = disk.display(),
    );
    let done = in_a_namespace(&script).output().unwrap();
    let (out, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{kib} KiB: {out}\n{errors}");
    // Read by another program: SQLite itself, and the lines of the export.
    let file = rusqlite::Connection::open(at.path("w.steward")).unwrap();
    let table: i64 = file.query_row("SELECT id FROM collections WHERE name = 'things'", [], |r| r.get(0)).unwrap();
    let held: i64 = file.query_row(&format!("SELECT count(*) FROM c{table}"), [], |r| r.get(0)).unwrap();
    assert_eq!(held, rows, "{kib} KiB: records in the file");
    let mut keys: Vec<i64> = at.read("out.ndjson").lines().map(|l| number(&serde_json::from_str(l).unwrap(), "/k")).collect();
    keys.sort_unstable();
    assert!(keys.iter().copied().eq(0..rows), "{kib} KiB: each row once");
    let run: serde_json::Value = serde_json::from_str::<serde_json::Value>(&at.read("runs")).unwrap()["runs"][0].clone();
    assert_eq!((text(&run, "/state"), number(&run, "/counts/inserted")), ("done".into(), rows), "{kib} KiB");
    assert!(at.read("chain").contains("\"ok\": true") || at.read("chain").contains("\"ok\":true"), "{kib} KiB");
    if out.contains("import 0") {
        return;
    }
    let said = at.read("said");
    assert!(said.contains("disk is full") && said.contains(&disk.display().to_string()), "{kib} KiB: {said}");
}

/// A workspace on a medium that cannot be written is looked at, and says so.
#[test]
#[cfg(target_os = "linux")]
fn a_write_protected_disk_is_read_from() {
    let at = Place::file();
    let (disk, steward) = (at.path("disk"), env!("CARGO_BIN_EXE_steward"));
    std::fs::create_dir(&disk).unwrap();
    let script = format!(
        r#"mount -t tmpfs -o size=50m tmpfs {disk}
           export STEWARD_WORKSPACE={disk}/w.steward STEWARD_DATA={disk}/../data
           {steward} init --sample > /dev/null
           mount -o remount,ro {disk}
           {steward} --json records count > {disk}/../count
           {steward} doctor > {disk}/../doctor || true
           code=0; {steward} records set 11-1011.00 average_salary=270000 2> {disk}/../refused || code=$?
           echo "set $code""#,
        disk = disk.display(),
    );
    let done = in_a_namespace(&script).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(number(&serde_json::from_str(&at.read("count")).unwrap(), "/count"), 361);
    assert!(at.read("doctor").contains("can only be read"), "{}", at.read("doctor"));
    assert!(String::from_utf8_lossy(&done.stdout).contains("set 4"), "{}", at.read("refused"));
    assert!(at.read("refused").contains("reading only"), "{}", at.read("refused"));
}

/// The disk of a server has this much room left, in MiB, when an import begins. Then there is more, and the server starts again.
fn server_with_room(mib: usize) {
    let at = Place::file();
    let rows = 20_000;
    // Texts that nothing compresses.
    let mut state = 1_u64;
    let mut hex = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:08x}", state >> 32)
    };
    let lines: Vec<String> =
        (0..rows).map(|n| format!("{{\"k\":{n},\"name\":\"{}\"}}", (0..200).map(|_| hex()).collect::<String>())).collect();
    let file = at.write("many.ndjson", lines.join("\n"));
    let (disk, steward) = (at.path("disk"), env!("CARGO_BIN_EXE_steward"));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    std::fs::create_dir(&disk).unwrap();
    let script = format!(
        r#"mount -t tmpfs -o size=2g tmpfs {disk}
           mkdir {disk}/db
           export STEWARD_WORKSPACE=mongodb://127.0.0.1:{port}/full STEWARD_DATA={disk}/../data
           st() {{ timeout 120 {steward} "$@"; }}
           server() {{
             {mongod} --bind_ip 127.0.0.1 --nounixsocket --port {port} --dbpath {disk}/db --logpath {disk}/../log --logappend --wiredTigerCacheSizeGB 0.25 > /dev/null 2>&1 &
             started=$!
             for _ in $(seq 300); do if st --json doctor > /dev/null 2>&1; then return; fi; sleep 0.1; done
             echo "The server did not start"; exit 9
           }}
           # A server that has lost its disk takes a moment to end.
           answers() {{
             for _ in $(seq 300); do
               if ! kill -0 $started 2> /dev/null; then server; return; fi
               if st --json doctor > /dev/null 2>&1; then return; fi
               sleep 0.1
             done
             echo "The server neither answers nor ends"; exit 9
           }}
           trap 'kill -9 $started 2> /dev/null || true' EXIT
           server
           st init > /dev/null
           # A server that writes meanwhile may use more already than it shall get.
           for _ in $(seq 100); do
             used=$(df -k --output=used {disk} | tail -1)
             if mount -o remount,size=$((used + {mib} * 1024))k {disk} 2> /dev/null; then break; fi
             sleep 0.2
           done
           [ $(df -k --output=size {disk} | tail -1) -lt 2000000 ] || {{ echo "The disk did not become smaller"; exit 9; }}
           code=0; st import --no-schema --collection things --key k {file} 2> {disk}/../said || code=$?
           echo "import $code"
           mount -o remount,size=2g {disk}
           answers
           if [ $code != 0 ]; then st --json import {file} --resume > {disk}/../resumed; fi
           st --json runs list > {disk}/../runs
           st --json history verify > {disk}/../chain
           st records export {disk}/../out.ndjson --collection things"#,
        disk = disk.display(),
        mongod = steward_store_testkit::mongod::find().display(),
    );
    let done = in_a_namespace(&script).output().unwrap();
    let (out, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{mib} MiB: {out}\n{errors}");
    let mut keys: Vec<i64> = at.read("out.ndjson").lines().map(|l| number(&serde_json::from_str(l).unwrap(), "/k")).collect();
    keys.sort_unstable();
    assert!(keys.iter().copied().eq(0..rows), "{mib} MiB: each row once");
    let run: serde_json::Value = serde_json::from_str::<serde_json::Value>(&at.read("runs")).unwrap()["runs"][0].clone();
    assert_eq!((text(&run, "/state"), number(&run, "/counts/inserted")), ("done".into(), rows), "{mib} MiB");
    assert!(at.read("chain").replace(' ', "").contains("\"ok\":true"), "{mib} MiB");
    println!("{mib} MiB: {out}{}", if out.contains("import 0") { String::new() } else { at.read("said") });
}

fn long_form() -> bool {
    std::env::var("STEWARD_TEST_KILLS").is_ok_and(|kills| kills.parse::<u32>().is_ok_and(|kills| kills > 5))
}

#[test]
#[cfg(target_os = "linux")]
fn an_import_goes_on_when_there_is_room_again() {
    let sizes: Vec<usize> = if long_form() { (0..20).map(|n| 2_000 + n * 400).collect() } else { vec![2_400, 4_000, 6_000] };
    sizes.into_iter().for_each(at_size);
}

#[test]
#[cfg(target_os = "linux")]
fn an_import_goes_on_when_the_server_has_room_again() {
    let sizes: Vec<usize> = if long_form() { (0..20).map(|n| 2 + n * 4).collect() } else { vec![4, 24] };
    sizes.into_iter().for_each(server_with_room);
}
