//! Who may call: the page of this server, with its token.

use std::net::SocketAddr;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use steward_api::{ApiError, ApiResult, Caller, ErrorCode, Origin};
use subtle::ConstantTimeEq;

use crate::calls::failure;
use crate::{Interface, internal};

/// A random token, of which only the SHA-256 is kept.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// A new token and its text: 64 hex digits.
    pub fn new() -> ApiResult<(Self, String)> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|e| internal("This machine gives no random numbers.", e))?;
        let text = hex::encode(bytes);
        Ok((Self(Sha256::digest(text.as_bytes()).into()), text))
    }

    fn fits(&self, given: &str) -> bool {
        Sha256::digest(given.as_bytes()).ct_eq(&self.0).into()
    }
}

#[derive(Deserialize)]
pub struct Given {
    token: Option<String>,
}

/// Lets requests with the token pass, and notes who calls.
pub async fn authorise(State(interface): State<Interface>, Query(query): Query<Given>, mut request: Request, next: Next) -> Response {
    // A page cannot send headers with these two; everywhere else an address with a token in it would end up in histories and logs.
    let without_header =
        request.method() == Method::GET && ["/api/events", "/api/download/"].iter().any(|p| request.uri().path().starts_with(p));
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let given = bearer.map(str::to_owned).or(query.token.filter(|_| without_header)).unwrap_or_default();
    if !interface.token.fits(&given) {
        return failure(
            &ApiError::new(ErrorCode::Unauthorized, "The token is missing or wrong.")
                .hint("Open the address that 'steward serve' printed."),
        );
    }
    // Who has the token of this machine is the person who started the program.
    request.extensions_mut().insert(Caller::system_user(Origin::Page));
    next.run(request).await
}

/// Refuses other host names (DNS rebinding) and pages of other origins.
pub async fn own_page(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    if is_own(address, request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This address is not Steward's.").into_response()
    }
}

/// The request names this server, and comes from its own page or from no page.
fn is_own(address: SocketAddr, headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let allowed = [address.to_string(), format!("localhost:{}", address.port())];
    let host_fits = text(header::HOST).is_none_or(|host| allowed.iter().any(|a| a == host));
    let origin_fits = text(header::ORIGIN).is_none_or(|origin| allowed.iter().any(|a| origin == format!("http://{a}")));
    host_fits && origin_fits
}
