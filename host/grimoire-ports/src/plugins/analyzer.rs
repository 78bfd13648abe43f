//! Analyzers: an artifact goes in as a stream, diagnostics come out.

use async_trait::async_trait;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::review::{PluginIdentity, PluginProblem};

use crate::PortError;
use crate::github::ByteStream;

/// What one analyzer found.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Which analyzer.
    pub plugin: PluginIdentity,
    /// Validated diagnostics, in the order in which it returned them.
    pub diagnostics: Vec<Diagnostic>,
    /// Why it stopped early, if it did; what it found before stays.
    pub problem: Option<PluginProblem>,
}

/// What all analyzers found in one artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// One entry for every analyzer that accepts the artifact's kind, by plugin name; also for one that had
    /// nothing to do with this artifact and never ran.
    pub findings: Vec<Findings>,
    /// The generation that did it: one for the whole artifact.
    pub generation: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// Runs every applicable analyzer over an artifact.
#[async_trait]
pub trait Analyzers: Send + Sync {
    /// Reads `content` to its end once and gives it to all applicable analyzers side by side, in
    /// bounded memory; those that have probes only when one of them is in it. A failing plugin is a problem in its findings and disturbs nobody. An error
    /// only when the content cannot be read, or with `Unavailable` when the host is busy.
    async fn analyze(&self, artifact: &Artifact, content: ByteStream) -> Result<Analysis, PortError>;
}
