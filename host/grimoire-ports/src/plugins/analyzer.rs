//! Analyzers: the input is an artifact as a stream, the output diagnostics.

use async_trait::async_trait;
use bytes::Bytes;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::routing::AnalyzerRouting;

use crate::PortError;
use crate::github::ByteStream;

/// The result of one analyzer.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The analyzer.
    pub plugin: PluginIdentity,
    /// Validated diagnostics, in the analyzer's order.
    pub diagnostics: Vec<Diagnostic>,
    /// Why the analyzer stopped early, if it did; earlier diagnostics are kept.
    pub problem: Option<PluginProblem>,
}

/// The results of all analyzers for one artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// One entry for every analyzer that accepts the artifact's kind and that a route admits, by plugin name; also for
    /// those that had nothing to do with this artifact and never ran.
    pub findings: Vec<Findings>,
    /// The artifact's media type.
    pub media_type: &'static str,
    /// Number of bytes read.
    pub bytes: u64,
}

/// A part of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The offset of its first byte in the artifact.
    pub start: u64,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Runs every applicable analyzer over an artifact.
#[async_trait]
pub trait Analyzers: Send + Sync {
    /// Reads `content` to its end once and passes it to all applicable analyzers in parallel, in bounded
    /// memory. An analyzer with probes gets it only if one of them occurs. A failing plugin is reported in its
    /// findings and does not affect others. Fails only if the content cannot be read, or with `Unavailable` if
    /// the host is busy.
    async fn analyze(&self, artifact: &Artifact, content: ByteStream) -> Result<Analysis, PortError> {
        self.analyze_routed(artifact, &AnalyzerRouting::default(), content).await
    }

    /// Like [`Self::analyze`], with the analyzers that the routes admit.
    async fn analyze_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        content: ByteStream,
    ) -> Result<Analysis, PortError>;

    /// Calls the analyzers of last resort, which `analyze` does not call, with a part of an artifact in which the
    /// others found no cause. Spans refer to the whole artifact. Errors are those of `analyze`.
    async fn guess(&self, artifact: &Artifact, excerpt: Excerpt) -> Result<Analysis, PortError> {
        self.guess_routed(artifact, &AnalyzerRouting::default(), excerpt).await
    }

    /// Like [`Self::guess`], with the analyzers that the routes admit.
    async fn guess_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        excerpt: Excerpt,
    ) -> Result<Analysis, PortError>;
}
