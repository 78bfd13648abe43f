//! Settings with a fixed set of values.

use std::path::PathBuf;

/// A value that is one of a few words.
pub(crate) trait Choice: Copy + 'static {
    /// Each word and its value.
    const CHOICES: &'static [(&'static str, Self)];
}

/// The words of a choice.
pub(super) fn words<T: Choice>() -> Vec<&'static str> {
    T::CHOICES.iter().map(|(word, _)| *word).collect()
}

/// How strict the checks at the start are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// For trying things out: a missing webhook secret is generated.
    Development,
    /// For real use: a missing webhook secret is an error.
    Production,
}

impl Choice for Environment {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("development", Self::Development), ("production", Self::Production)];
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Choice for LogFormat {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("text", Self::Text), ("json", Self::Json)];
}

/// The store, selected by the scheme of its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageUrl {
    /// The embedded store in a file.
    Redb(PathBuf),
}
