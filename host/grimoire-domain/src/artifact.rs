//! What an analyzer reads.

use serde::{Deserialize, Serialize};

/// What kind of text an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// The log of a CI job or of a local command.
    Log,
    /// A unified diff as `git diff` prints it.
    Diff,
    /// Plain text of unknown origin.
    Text,
}

/// Facts about an artifact that are known before its first byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// What kind of text it is.
    pub kind: ArtifactKind,
    /// A name for people: a file name, or workflow and job. May be empty.
    pub name: String,
    /// Its size in bytes, where known in advance.
    pub size: Option<u64>,
}
