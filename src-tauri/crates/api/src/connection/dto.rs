//! How the connection to the open workspace fares.

use crate::dto::wire;

wire! {
    /// Connections that are shared. Times are in seconds.
    pub struct ConnectionPool {
        pub min: i64,
        pub max: i64,
        /// An unused connection is closed after this.
        pub idle_seconds: f64,
        /// An operation waits this long for a connection.
        pub wait_seconds: f64,
        /// Operations that hold a connection now.
        pub in_use: i64,
    }

    /// Closed: all is well. Open: everything is refused for a while. Trying: the next operation decides.
    pub enum BreakerState { Closed, Open, Trying }

    pub struct ConnectionBreaker {
        pub state: BreakerState,
        /// Failures in a row.
        pub failures: i64,
        /// Failures in a row that open it.
        pub limit: i64,
        /// How long it stays open.
        pub pause_seconds: f64,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub seconds_left: Option<f64>,
    }

    /// Operations of one kind that took long, without values.
    pub struct SlowOperation {
        pub operation: String,
        pub collection: String,
        /// Fields and operators; empty where nothing was asked for.
        pub shape: String,
        pub count: i64,
        pub longest_millis: i64,
        pub mean_millis: i64,
        /// RFC 3339, UTC.
        pub last_at: String,
    }

    pub struct ConnectionStatus {
        /// Absent where there are no connections to share, as in a file.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub pool: Option<ConnectionPool>,
        pub breaker: ConnectionBreaker,
        /// Operations that take longer are kept.
        pub slow_millis: i64,
        /// Longest first.
        pub slow: Vec<SlowOperation>,
    }
}
