//! Artifacts: the input of analyzers.

use serde::{Deserialize, Serialize};

/// The kind of text in an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// The log of a CI job or of a local command.
    Log,
    /// A unified diff as `git diff` prints it.
    Diff,
    /// Plain text of unknown origin.
    Text,
    /// A file in which a tool reports its findings: XML, JSON, SARIF. Text that it quotes, such as the output of
    /// passed tests, is not an error.
    Report,
}

impl ArtifactKind {
    /// Guesses the kind from a file name: a diff, a report, or else a log.
    pub fn of_file(name: &str) -> Self {
        let ends_with = |endings: &[&str]| {
            endings.iter().any(|ending| {
                let at = name.len().saturating_sub(ending.len());
                name.is_char_boundary(at) && name[at..].eq_ignore_ascii_case(ending)
            })
        };
        if ends_with(&[".diff", ".patch"]) {
            Self::Diff
        } else if ends_with(&[".xml", ".json", ".jsonl", ".ndjson", ".sarif", ".trx"]) {
            Self::Report
        } else {
            Self::Log
        }
    }
}

/// Facts about an artifact that are known before its first byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The kind of text.
    pub kind: ArtifactKind,
    /// A display name: a file name, or workflow and job. May be empty.
    pub name: String,
    /// The size in bytes, where known in advance.
    pub size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_ending() {
        for name in ["TEST-a.xml", "eslint.JSON", "go.jsonl", "a/b.sarif", "run.trx", "x.sarif.json"] {
            assert_eq!(ArtifactKind::of_file(name), ArtifactKind::Report, "{name}");
        }
        for name in ["fix.patch", "a.DIFF"] {
            assert_eq!(ArtifactKind::of_file(name), ArtifactKind::Diff, "{name}");
        }
        for name in ["build.log", "xml", "", "é", "report.xml.gz", "a.json/log"] {
            assert_eq!(ArtifactKind::of_file(name), ArtifactKind::Log, "{name}");
        }
    }
}
