//! Testing an address step by step, so that a person learns which step fails and what to do about it.

use std::time::{Duration, Instant};

use bson::doc;
use mongodb::Client;
use mongodb::options::{ClientOptions, ServerAddress, Tls};
use steward_store::stage::{Stage, StageOutcome, StageReport};
use steward_store::{StoreError, StoreErrorKind};

use crate::access;
use crate::connect::{self, MongoOptions};
use crate::errors;
use crate::secrets::Secrets;

const STAGES: [Stage; 5] = [Stage::Name, Stage::Network, Stage::Tls, Stage::Login, Stage::Permissions];
const PER_HOST: Duration = Duration::from_secs(5);

/// What a step found.
struct Finding {
    outcome: StageOutcome,
    message: String,
    hint: Option<String>,
}

impl Finding {
    fn passed(message: impl Into<String>) -> Self {
        Self { outcome: StageOutcome::Passed, message: message.into(), hint: None }
    }

    fn not_needed(message: &str) -> Self {
        Self { outcome: StageOutcome::NotNeeded, message: message.to_owned(), hint: None }
    }

    fn failed(message: impl Into<String>, hint: &str) -> Self {
        Self { outcome: StageOutcome::Failed, message: message.into(), hint: Some(hint.to_owned()) }
    }
}

/// Always five reports; those after a failed one are `NotReached`. No text tells a credential.
pub async fn probe(uri: &str) -> Vec<StageReport> {
    let mut reports: Vec<StageReport> = Vec::with_capacity(STAGES.len());
    let mut plan = None;
    for stage in STAGES {
        let failed = reports.last().is_some_and(|r| matches!(r.outcome, StageOutcome::Failed | StageOutcome::NotReached));
        if failed {
            reports.push(StageReport {
                stage,
                outcome: StageOutcome::NotReached,
                message: "Not reached.".to_owned(),
                hint: None,
                millis: 0,
            });
            continue;
        }
        let started = Instant::now();
        let finding = match (stage, &plan) {
            (Stage::Name, _) => match resolve(uri).await {
                Ok((made, finding)) => {
                    plan = Some(made);
                    finding
                }
                Err(finding) => finding,
            },
            (Stage::Network, Some(plan)) => network(plan).await,
            (Stage::Tls, Some(plan)) => tls(plan).await,
            (Stage::Login, Some(plan)) => login(plan).await,
            (Stage::Permissions, Some(plan)) => permissions(plan).await,
            (_, None) => Finding::failed("The address could not be read.", "Check the address."),
        };
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        reports.push(StageReport { stage, outcome: finding.outcome, message: finding.message, hint: finding.hint, millis });
    }
    reports
}

/// A readable address.
struct Plan {
    options: ClientOptions,
    database: String,
    secrets: Secrets,
}

impl Plan {
    fn database(&self, logged_in: bool) -> Result<mongodb::Database, StoreError> {
        let mut options = self.options.clone();
        options.min_pool_size = Some(0);
        if !logged_in {
            options.credential = None;
        }
        let client = Client::with_options(options).map_err(|e| self.hide(&e))?;
        Ok(client.database(&self.database))
    }

    fn hide(&self, e: &mongodb::error::Error) -> StoreError {
        connect::hide(errors::from_driver(e), &self.secrets)
    }
}

async fn resolve(uri: &str) -> Result<(Plan, Finding), Finding> {
    let secrets = Secrets::of(uri);
    let options = MongoOptions { min_pool: 0, ..MongoOptions::default() };
    let (options, database) = connect::parse(uri, options, &secrets).await.map_err(|e| match e.kind {
        StoreErrorKind::Unreachable => Finding::failed(sentence(&e), "Check the server's name in the address and that this computer is online."),
        _ => Finding::failed(sentence(&e), "An address looks like mongodb://user:password@host:27017/database; special characters in the password are written as %40 and the like."),
    })?;
    let mut found = 0;
    for host in &options.hosts {
        if let ServerAddress::Tcp { host, port } = host
            && tokio::net::lookup_host((bare(host), port.unwrap_or(27017))).await.is_ok_and(|mut a| a.next().is_some())
        {
            found += 1;
        }
    }
    let names = connect::hosts(&options.hosts);
    if found == 0 {
        return Err(Finding::failed(
            format!("The server's name cannot be resolved: {names}."),
            "Check the spelling of the server's name, and that this computer is online (a VPN may be needed).",
        ));
    }
    let message = format!("{found} of {} server names found: {names}.", options.hosts.len());
    Ok((Plan { options, database, secrets }, Finding::passed(message)))
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host)
}

async fn network(plan: &Plan) -> Finding {
    let attempts = plan.options.hosts.iter().filter_map(|address| match address {
        ServerAddress::Tcp { host, port } => Some(async move {
            let target = (bare(host), port.unwrap_or(27017));
            match tokio::time::timeout(PER_HOST, tokio::net::TcpStream::connect(target)).await {
                Ok(Ok(_)) => Ok(address.to_string()),
                Ok(Err(e)) => Err(format!("{address}: {}", plain(&e))),
                Err(_) => Err(format!("{address}: no answer within 5 seconds")),
            }
        }),
        _ => None,
    });
    let results = futures::future::join_all(attempts).await;
    let reached: Vec<&String> = results.iter().filter_map(|r| r.as_ref().ok()).collect();
    if let Some(first) = reached.first() {
        return Finding::passed(format!("{first} accepts connections ({} of {} servers do).", reached.len(), results.len()));
    }
    let reasons: Vec<&str> = results.iter().filter_map(|r| r.as_ref().err().map(String::as_str)).collect();
    Finding::failed(
        format!("No server accepts a connection ({}).", reasons.join("; ")),
        "Check the port, that the server is running, and that no firewall or IP access list is in the way.",
    )
}

fn plain(e: &std::io::Error) -> &'static str {
    match e.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused",
        std::io::ErrorKind::TimedOut => "no answer",
        std::io::ErrorKind::HostUnreachable | std::io::ErrorKind::NetworkUnreachable => "network unreachable",
        _ => "connection failed",
    }
}

/// The first exchange with the server, without a login; encrypted where the address asks for it.
async fn tls(plan: &Plan) -> Finding {
    let encrypted = matches!(plan.options.tls, Some(Tls::Enabled(_)));
    let answer = match plan.database(false) {
        Ok(db) => db.run_command(doc! { "hello": 1 }).await.map_err(|e| plan.hide(&e)),
        Err(e) => Err(e),
    };
    match answer {
        // A server that speaks, but refuses: the login will tell.
        Ok(_) => {}
        Err(e) if e.kind != StoreErrorKind::Unreachable && e.kind != StoreErrorKind::Invalid => {}
        Err(e) if encrypted => {
            return Finding::failed(
                sentence(&e),
                "Check that the server offers TLS and that its certificate fits its name; a private authority needs tlsCAFile in the address.",
            );
        }
        Err(e) => {
            return Finding::failed(
                format!("Something answers there, but not as MongoDB does. {}", sentence(&e)),
                "Check the port; if the server demands encryption, add tls=true. For a member of a replica set, check replicaSet=….",
            );
        }
    }
    if encrypted { Finding::passed("The connection is encrypted.") } else { Finding::not_needed("Encryption is not asked for.") }
}

async fn login(plan: &Plan) -> Finding {
    if plan.options.credential.is_none() {
        return Finding::not_needed("The address holds no login.");
    }
    let answer = match plan.database(true) {
        Ok(db) => db.run_command(doc! { "ping": 1 }).await.map_err(|e| plan.hide(&e)),
        Err(e) => Err(e),
    };
    match answer {
        Ok(_) => Finding::passed("The server accepted the login."),
        Err(e) => Finding::failed(
            sentence(&e),
            "Check user name and password, and the database that holds the user: it is often admin (authSource=admin in the address).",
        ),
    }
}

async fn permissions(plan: &Plan) -> Finding {
    const NEEDED: &str = "Ask the administrator for the role readWrite on this database, or read to look only.";
    let list = match plan.database(true) {
        Ok(db) => access::read(&db).await.map_err(|e| connect::hide(e, &plan.secrets)),
        Err(e) => Err(e),
    };
    let list = match list {
        Ok(list) => list,
        Err(e) => return Finding::failed(sentence(&e), NEEDED),
    };
    let denied: Vec<&str> = list.iter().filter(|a| !a.allowed).map(|a| a.name.as_str()).collect();
    let may = |name: &str| list.iter().any(|a| a.name == name && a.allowed);
    if !may("find") {
        return Finding::failed(format!("This user may not read '{}'.", plan.database), NEEDED);
    }
    match denied.as_slice() {
        [] => Finding::passed(format!("Everything that Steward does is allowed on '{}'.", plan.database)),
        _ if !may("insert") || !may("update") || !may("remove") => Finding {
            hint: Some(NEEDED.to_owned()),
            ..Finding::passed(format!("This user may read '{}', but not change it.", plan.database))
        },
        some => Finding::passed(format!("Allowed, except: {}.", some.join(", "))),
    }
}

/// The sentence with the driver's words behind it.
fn sentence(e: &StoreError) -> String {
    match &e.details {
        Some(details) if !details.is_empty() => format!("{} ({})", e.message, details),
        _ => e.message.clone(),
    }
}
