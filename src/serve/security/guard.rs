//! The checks of every request.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::headers::add_headers;
use super::hosts::Hosts;
use super::token::Token;
use crate::serve::refusal::Refusal;

/// Where the page gives the token.
const SESSION: &str = "/api/session";

/// Who may ask.
pub(in crate::serve) struct Security {
    hosts: Hosts,
    token: Option<Token>,
}

impl Security {
    pub(in crate::serve) fn new(hosts: Hosts, token: Option<Token>) -> Self {
        Self { hosts, token }
    }

    /// The token, where there is one.
    pub(in crate::serve) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let headers = request.headers();
        let forbidden = |message: &str| Refusal::new(StatusCode::FORBIDDEN, message);
        let host = one(headers, HOST.as_str()).ok_or_else(|| Refusal::bad("no Host header"))?;
        let other = request
            .uri()
            .authority()
            .is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host));
        if other || !self.hosts.allow(host) {
            return Err(forbidden(
                "this server is not called so: open it by its own address, or start it with --host",
            ));
        }
        if headers.contains_key(ORIGIN) {
            let origin = one(headers, ORIGIN.as_str()).unwrap_or_default();
            let own = ["http://", "https://"].iter().any(|scheme| {
                origin
                    .strip_prefix(scheme)
                    .is_some_and(|rest| rest.eq_ignore_ascii_case(host))
            });
            if !own {
                return Err(forbidden("requests of other pages are not answered"));
            }
        }
        let site = headers.get("sec-fetch-site");
        let site = site.and_then(|site| site.to_str().ok());
        let path = request.uri().path();
        let is_api = path == "/api" || path.starts_with("/api/");
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        if (is_api || changes)
            && site.is_some_and(|site| site == "cross-site" || site == "same-site")
        {
            return Err(forbidden("requests of other pages are not answered"));
        }
        if let Some(token) = &self.token
            && is_api
            && path != SESSION
            && !token.is_in(headers)
        {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "the token is missing or wrong: the server has printed it when it started",
            ));
        }
        Ok(())
    }
}

/// The value of a header that must be there once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Refuses what does not come from this server's own page or from a program, and adds the headers to every answer.
pub(in crate::serve) async fn guard(
    State(security): State<Arc<Security>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match security.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    add_headers(response.headers_mut());
    response
}
