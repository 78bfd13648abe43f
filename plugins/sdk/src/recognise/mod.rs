//! What analyzers of families are built of: recognisers side by side, tables of sentences.

pub mod panel;
pub mod sentence;
pub mod solving;
