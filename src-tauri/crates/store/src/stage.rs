//! Stages of connecting to a server, so that a person learns which one failed.

/// A step on the way to a usable connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The address is well-formed and its host names resolve.
    Name,
    /// A TCP connection is accepted.
    Network,
    Tls,
    Login,
    Permissions,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageOutcome {
    Passed,
    Failed,
    NotNeeded,
    NotReached,
}

/// One step with its finding.
#[derive(Debug, Clone)]
pub struct StageReport {
    pub stage: Stage,
    pub outcome: StageOutcome,
    pub message: String,
    pub hint: Option<String>,
    pub millis: u64,
}
