//! Extractors: checked input for handlers.

pub(crate) mod body;
pub(crate) mod form;
pub(crate) mod intake;
pub(crate) mod json;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod revision;
