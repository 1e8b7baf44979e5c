//! Whether the server answers, for whoever watches it.

pub async fn health() -> &'static str {
    "ok"
}
