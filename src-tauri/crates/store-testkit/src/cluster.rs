//! A replica set of three servers, for tests that take members away.

use std::time::{Duration, Instant};

use bson::{Bson, doc};

use crate::mongod::{Process, run};

const NAME: [&str; 2] = ["--replSet", "three"];

/// Three members on this machine; any of them may be the primary.
pub struct Cluster {
    members: Vec<Process>,
}

impl Cluster {
    pub fn start() -> Self {
        let members: Vec<Process> = (0..3).map(|_| Process::start(None, &NAME)).collect();
        let listed = members.iter().enumerate().map(|(n, member)| {
            let id = i32::try_from(n).unwrap();
            Bson::from(doc! { "_id": id, "host": format!("127.0.0.1:{}", member.port) })
        });
        // Members that find out soon, so that a test need not wait ten seconds for an election.
        let settings = doc! { "electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500 };
        let config = doc! { "_id": NAME[1], "members": listed.collect::<Vec<_>>(), "settings": settings };
        run(members[0].port, &doc! { "replSetInitiate": config, "$db": "admin" }).unwrap();
        let cluster = Self { members };
        cluster.primary();
        for member in &cluster.members {
            member.wait(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false) || hello.get_bool("secondary").unwrap_or(false));
        }
        cluster
    }

    pub fn uri(&self, database: &str) -> String {
        let hosts: Vec<String> = self.members.iter().map(|member| format!("127.0.0.1:{}", member.port)).collect();
        format!("mongodb://{}/{database}?replicaSet={}", hosts.join(","), NAME[1])
    }

    /// The primary gives up its office; another member takes it.
    pub fn step_down(&self) {
        let primary = &self.members[self.primary()];
        let command = doc! { "replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 5, "force": true, "$db": "admin" };
        // The server may close the connection instead of answering.
        let _ = run(primary.port, &command);
    }

    /// The primary loses its power.
    pub fn crash_primary(&mut self) -> usize {
        let at = self.primary();
        self.members[at].crash();
        at
    }

    pub fn revive(&mut self, member: usize) {
        self.members[member].revive(&NAME);
    }

    fn primary(&self) -> usize {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let writable = |member: &Process| {
                run(member.port, &doc! { "hello": 1, "$db": "admin" })
                    .is_ok_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false))
            };
            if let Some(at) = self.members.iter().position(writable) {
                return at;
            }
            assert!(Instant::now() < end, "no member is the primary after a minute");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
