//! The HTTP face of Grimoire: routes, wire types, OpenAPI.
//!
//! `router.rs` is the table of contents. Handlers are thin: they turn a request into one call of the
//! pipeline and its outcome into wire types. `error.rs` holds the only map from error kinds to statuses.
#![forbid(unsafe_code)]

mod answer;
pub mod error;
mod extract;
mod kept;
mod middleware;
pub mod openapi;
mod router;
mod routes;
pub mod server;
mod state;
pub mod wire;

pub use kept::KeptSpells;
pub use router::router;
pub use state::{Access, AppState, HttpOptions};

/// A value of the caller as it may stand in an error message.
fn shorten(value: &str) -> String {
    value.chars().filter(|character| !character.is_control()).take(60).collect()
}
