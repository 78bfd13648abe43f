//! Building blocks for family analyzers: recognisers side by side, tables of sentences and phrases.

pub mod panel;
pub mod phrase;
pub mod sentence;
pub mod solving;
