//! Analyzers with scripted findings.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt as _;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::routing::AnalyzerRouting;

use super::{identity, lock};
use crate::PortError;
use crate::github::ByteStream;
use crate::plugins::analyzer::{Analysis, Analyzers, Excerpt, Findings};

type AnalyzerScript = dyn Fn(&Artifact, &[u8]) -> Result<Vec<Findings>, PortError> + Send + Sync;
type GuessScript = dyn Fn(&Excerpt) -> Vec<Findings> + Send + Sync;

/// Analyzers whose findings are a function of the artifact. Clones share the record of calls.
#[derive(Clone)]
pub struct ScriptedAnalyzers {
    script: Arc<AnalyzerScript>,
    guess: Arc<GuessScript>,
    seen: Arc<Mutex<Vec<Artifact>>>,
}

impl ScriptedAnalyzers {
    /// Analyzers that read the whole content and return the result of `script`.
    pub fn new(
        script: impl Fn(&Artifact, &[u8]) -> Result<Vec<Findings>, PortError> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Arc::new(script), guess: Arc::new(|_| Vec::new()), seen: Arc::default() }
    }

    /// Adds an analyzer of last resort that returns the result of `guess`. Without this there is none.
    #[must_use]
    pub fn guessing(self, guess: impl Fn(&Excerpt) -> Vec<Findings> + Send + Sync + 'static) -> Self {
        Self { guess: Arc::new(guess), ..self }
    }

    /// One analyzer, which traps at once.
    pub(super) fn failing(name: &str) -> Self {
        let plugin = identity(name);
        let problem = PluginProblem {
            plugin: name.to_owned(),
            reason: FailureReason::Trap,
            detail: "as the script says".to_owned(),
        };
        Self::new(move |_, _| {
            let (plugin, problem) = (plugin.clone(), Some(problem.clone()));
            Ok(vec![Findings { plugin, diagnostics: Vec::new(), problem }])
        })
    }

    /// The default analyzer, and one that finds an error of its own.
    pub(super) fn adding(name: &str) -> Self {
        let plugin = identity(name);
        Self::new(move |_, content| {
            let own = Diagnostic {
                tool: "another".to_owned(),
                message: "one more".to_owned(),
                span: Span { start: 0, end: 1 },
                ..Diagnostic::default()
            };
            Ok(vec![
                Findings {
                    plugin: identity("scripted-analyzer"),
                    diagnostics: error_lines(content),
                    problem: None,
                },
                Findings { plugin: plugin.clone(), diagnostics: vec![own], problem: None },
            ])
        })
    }

    /// The artifacts that have been analyzed, in order.
    pub fn seen(&self) -> Vec<Artifact> {
        lock(&self.seen).clone()
    }
}

impl Default for ScriptedAnalyzers {
    /// One analyzer, `scripted-analyzer`, that reports every line `error: MESSAGE` or
    /// `error[CODE]: MESSAGE`.
    fn default() -> Self {
        Self::new(|_, content| {
            let diagnostics = error_lines(content);
            Ok(vec![Findings { plugin: identity("scripted-analyzer"), diagnostics, problem: None }])
        })
    }
}

impl fmt::Debug for ScriptedAnalyzers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedAnalyzers").field("seen", &self.seen).finish_non_exhaustive()
    }
}

fn error_lines(content: &[u8]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut start = 0;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len() as u64;
        let text = String::from_utf8_lossy(line);
        let parts = text.strip_prefix("error").and_then(|rest| rest.split_once(": "));
        let parts = parts.and_then(|(code, message)| match code {
            "" => Some((None, message)),
            _ => Some((Some(code.strip_prefix('[')?.strip_suffix(']')?.to_owned()), message)),
        });
        if let Some((code, message)) = parts {
            diagnostics.push(Diagnostic {
                tool: "scripted".to_owned(),
                error_type: code.clone().unwrap_or_default(),
                code,
                message: message.trim_end().to_owned(),
                span: Span { start, end },
                ..Diagnostic::default()
            });
        }
        start = end;
    }
    diagnostics
}

/// The findings of the analyzers that the routes admit. Scripted analyzers know no tools.
fn admitted(routing: &AnalyzerRouting, media_type: &str, mut findings: Vec<Findings>) -> Vec<Findings> {
    findings.retain(|found| routing.admits(media_type, &found.plugin.name, &[]));
    findings
}

#[async_trait]
impl Analyzers for ScriptedAnalyzers {
    async fn analyze_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        mut content: ByteStream,
    ) -> Result<Analysis, PortError> {
        let mut whole = Vec::new();
        while let Some(chunk) = content.next().await {
            whole.extend_from_slice(&chunk?);
        }
        lock(&self.seen).push(artifact.clone());
        let media_type = artifact.media_type(&whole);
        let findings = admitted(routing, media_type, (self.script)(artifact, &whole)?);
        Ok(Analysis { findings, media_type, bytes: whole.len() as u64 })
    }

    async fn guess_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        excerpt: Excerpt,
    ) -> Result<Analysis, PortError> {
        let media_type = artifact.media_type(&excerpt.bytes);
        let findings = admitted(routing, media_type, (self.guess)(&excerpt));
        Ok(Analysis { findings, media_type, bytes: excerpt.bytes.len() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use grimoire_domain::artifact::ArtifactKind;

    use super::*;

    #[tokio::test]
    async fn the_default_analyzer_finds_error_lines_across_chunks() {
        let artifact = Artifact { kind: ArtifactKind::Log, name: "log".to_owned(), size: None };
        let chunks = ["ok\nerr", "or[E0308]: mismatched", " types\nerror: aborting\nerrors: 2\n"];
        let content = futures::stream::iter(chunks.map(|chunk| Ok(chunk.into()))).boxed();
        let analyzers = ScriptedAnalyzers::default();
        let analysis = analyzers.analyze(&artifact, content).await.expect("the content can be read");
        let found: Vec<_> = analysis.findings[0]
            .diagnostics
            .iter()
            .map(|diagnostic| {
                (diagnostic.code.as_deref(), diagnostic.message.as_str(), diagnostic.span.start)
            })
            .collect();
        assert_eq!(found, [(Some("E0308"), "mismatched types", 3), (None, "aborting", 34)]);
        assert_eq!(analysis.bytes, 60);
        assert_eq!(analyzers.seen(), [artifact]);
    }
}
