//! What handlers take from a request, checked.

pub(crate) mod actor;
pub(crate) mod json;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod revision;
