//! The HTTP interface of Grimoire: routes, wire types, OpenAPI.
//!
//! `router.rs` is the table of contents. Handlers are thin: they turn a request into one call of the
//! pipeline and its outcome into wire types. `error.rs` holds the only map from error kinds to statuses.
#![forbid(unsafe_code)]

mod access;
mod connection;
pub mod error;
mod extract;
mod middleware;
mod openapi;
mod router;
mod routes;
pub mod server;
mod state;
pub mod wire;

pub use router::{openapi_document, router};
pub use state::{Access, ApiToken, AppState, HttpOptions};

/// Shortens a value from the caller for use in an error message.
fn shorten(value: &str) -> String {
    value.chars().filter(|character| !character.is_control()).take(60).collect()
}
