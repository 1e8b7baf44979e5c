//! A server that demands encryption and a login: tested step by step, imported into, refused where it is not trusted.

use std::path::Path;

use serde_json::json;
use steward_store_testkit::mongod::User;
use steward_store_testkit::tls::{Secured, secured};

use crate::common::{Place, career, counts, number};

const PASSWORD: &str = "under-the-mat";

fn server() -> Secured {
    secured(&["127.0.0.1"], &[User { name: "keeper", password: PASSWORD, role: "readWrite", database: "careers" }])
}

fn with(place: &Secured, password: &str, authority: &Path) -> Place {
    let options = format!("authSource=admin&tls=true&tlsCAFile={}", authority.display());
    Place::at(place.server.login_uri(&format!("keeper:{password}@"), "careers", &options))
}

#[test]
fn records_are_imported_over_tls_with_a_login() {
    let place = server();
    let at = with(&place, PASSWORD, &place.authority);
    at.steward(&["init"]).ended(0);
    at.steward(&["doctor"]).ended(0).says("The connection is encrypted.").says("The server accepted the login.");
    let file = at.write("rows.json", json!([career("a", 50_000), career("b", 60_000), {"career_id": "c"}]).to_string());
    assert_eq!(counts(&at.json(1, &["import", &file])), [2, 0, 0, 1]);
    assert_eq!(number(&at.json(0, &["records", "count"]), "/count"), 2);
}

#[test]
fn what_is_wrong_is_reported_at_its_stage_with_what_to_do() {
    let place = server();
    let stranger = with(&place, PASSWORD, &place.stranger);
    let said = stranger.steward(&["doctor"]).ended(1);
    said.says("signed by an authority that is not trusted here").says("tlsCAFile");
    stranger.steward(&["records", "count"]).ended(3);
    let said = with(&place, "wrong", &place.authority).steward(&["doctor"]).ended(1);
    let said = said.says("The connection is encrypted.").says("Check user name and password");
    assert!(!format!("{}{}", said.out, said.err).contains(PASSWORD));
}
