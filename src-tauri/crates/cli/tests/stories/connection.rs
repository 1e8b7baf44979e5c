//! How the connection fares: pool, breaker, slow operations; the reset.

use crate::common::{number, text};
use crate::on_all;

on_all! {
    fn a_quick_workspace_has_nothing_to_tell(at) {
        at.steward(&["init", "--sample"]).ended(0);
        let status = at.json(0, &["connection", "status"]);
        assert_eq!(status.pointer("/slow").unwrap().as_array().unwrap().len(), 0, "{status:#}");
        assert_eq!(text(&status, "/breaker/state"), "closed");
        assert_eq!((number(&status, "/breaker/limit"), number(&status, "/slowMillis")), (5, 1000));
        let served = at.workspace.starts_with("mongodb");
        assert_eq!(status.pointer("/pool/max").and_then(serde_json::Value::as_i64), served.then_some(20), "{status:#}");
        at.steward(&["connection", "status"]).ended(0).says("closed: all is well").says("nothing took longer than 1,000 ms");
    }

    fn slow_operations_are_reported_by_shape_and_forgotten_on_reset(at) {
        at.steward(&["init", "--sample"]).ended(0);
        let run = |word: &str| {
            let mut command = at.command(&["--json", "connection", word]);
            let output = command.env("STEWARD_SLOW_MS", "0").output().unwrap();
            crate::common::Said::of(&["connection", word], &output).ended(0).json()
        };
        let status = run("status");
        let slow = status.pointer("/slow").unwrap().as_array().unwrap().clone();
        // Opening a workspace reads its history first: with a limit of nothing, that is slow.
        let pending = slow.iter().find(|op| text(op, "/collection") == "steward.change_sets").unwrap();
        assert_eq!(text(pending, "/operation"), "find");
        assert_eq!(text(pending, "/shape"), "state eq; sorted by seq");
        assert!(number(pending, "/count") >= 1 && !text(pending, "/lastAt").is_empty());
        assert!(number(pending, "/longestMillis") >= number(pending, "/meanMillis"));
        assert_eq!(run("reset").pointer("/slow").unwrap().as_array().unwrap().len(), 0);
    }

    fn the_doctor_tells_it_too(at) {
        at.steward(&["init"]).ended(0);
        let report = at.json(0, &["doctor"]);
        let checks = report.pointer("/checks").unwrap().as_array().unwrap();
        assert!(checks.iter().any(|c| text(c, "/name") == "Connection" && text(c, "/outcome") == "ok"), "{report:#}");
    }
}
