//! Artifacts: the input of analyzers.

use serde::{Deserialize, Serialize};

use crate::{secrets, text};

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

/// All media types of artifacts.
pub const MEDIA_TYPES: [&str; 7] = [
    "text/x-log",
    "text/x-diff",
    "text/plain",
    "application/xml",
    "application/json",
    "application/x-ndjson",
    "application/sarif+json",
];

impl ArtifactKind {
    /// Its media type, as plugins know it; `None` for a report: see [`Artifact::media_type`].
    pub fn media_type(self) -> Option<&'static str> {
        match self {
            Self::Log => Some("text/x-log"),
            Self::Diff => Some("text/x-diff"),
            Self::Text => Some("text/plain"),
            Self::Report => None,
        }
    }

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

impl Artifact {
    /// An artifact with a name that may come from anybody: what cannot be displayed is left out, and what has the form of a
    /// secret is masked, since the name is stored and shown with every error.
    pub fn new(kind: ArtifactKind, name: &str, size: Option<u64>) -> Self {
        Self { kind, name: secrets::mask(&text::displayable(name)).into_owned(), size }
    }

    /// Its media type. That of a report is known by the ending of its name, else by its beginning.
    pub fn media_type(&self, beginning: &[u8]) -> &'static str {
        if let Some(media_type) = self.kind.media_type() {
            return media_type;
        }
        let name = self.name.to_ascii_lowercase();
        let ends_with = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if ends_with(&[".sarif", ".sarif.json"]) {
            "application/sarif+json"
        } else if ends_with(&[".jsonl", ".ndjson"]) {
            "application/x-ndjson"
        } else if ends_with(&[".json"]) {
            "application/json"
        } else if ends_with(&[".xml", ".trx"]) || begins_with_tag(beginning) {
            "application/xml"
        } else {
            "application/json"
        }
    }
}

/// Returns true if the first character other than a byte-order mark and white space opens a tag.
fn begins_with_tag(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_known_by_its_ending_or_its_beginning() {
        let media_type = |name: &str, beginning: &[u8]| {
            let artifact = Artifact { kind: ArtifactKind::Report, name: name.to_owned(), size: None };
            artifact.media_type(beginning)
        };
        for (name, expected) in [
            ("TEST-a.XML", "application/xml"),
            ("run.trx", "application/xml"),
            ("eslint.json", "application/json"),
            ("go.jsonl", "application/x-ndjson"),
            ("x.sarif.json", "application/sarif+json"),
            ("x.sarif", "application/sarif+json"),
        ] {
            assert_eq!(media_type(name, b"{"), expected, "{name}");
            assert!(MEDIA_TYPES.contains(&expected), "{expected}");
        }
        assert_eq!(media_type("", b"\xef\xbb\xbf\n <testsuite>"), "application/xml");
        assert_eq!(media_type("", b"[{"), "application/json");
        assert_eq!(media_type("", b""), "application/json");
        let log = Artifact { kind: ArtifactKind::Log, name: "a.xml".to_owned(), size: None };
        assert_eq!(log.media_type(b"<"), "text/x-log");
    }

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
