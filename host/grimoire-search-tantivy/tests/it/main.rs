//! Search as its users see it: through the port, with real files on disk.
#![forbid(unsafe_code)]

mod finding;
mod following;
mod properties;
mod repair;
mod support;
