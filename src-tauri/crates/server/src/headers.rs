//! The security headers of every answer.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

pub fn secured(router: Router) -> Router {
    let with = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    router
        .layer(with(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(with(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(with(header::REFERRER_POLICY, "no-referrer"))
}
