//! Plugins that say what a test tells them to.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_domain::ranking::{Candidate, Verdict, keyword_verdicts};
use grimoire_domain::review::{PluginIdentity, PluginProblem};

use super::lock;
use crate::PortError;
use crate::github::ByteStream;
use crate::plugins::analyzer::{Analysis, Analyzers, Findings};
use crate::plugins::matcher::{Judgement, Matchers};
use crate::plugins::{PluginError, PluginInventory, PluginStatus};

/// The generation that scripted plugins name.
const GENERATION: u64 = 1;

fn identity(name: &str) -> PluginIdentity {
    PluginIdentity { name: name.to_owned(), digest: "0".repeat(64) }
}

type AnalyzerScript = dyn Fn(&Artifact, &[u8]) -> Result<Vec<Findings>, PortError> + Send + Sync;

/// Analyzers whose findings are a function of the artifact. Clones share the record of calls.
#[derive(Clone)]
pub struct ScriptedAnalyzers {
    script: Arc<AnalyzerScript>,
    seen: Arc<Mutex<Vec<Artifact>>>,
}

impl ScriptedAnalyzers {
    /// Reads the whole content, then does what `script` says.
    pub fn new(
        script: impl Fn(&Artifact, &[u8]) -> Result<Vec<Findings>, PortError> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Arc::new(script), seen: Arc::default() }
    }

    /// The artifacts that were analyzed so far, in order.
    pub fn seen(&self) -> Vec<Artifact> {
        lock(&self.seen).clone()
    }
}

impl Default for ScriptedAnalyzers {
    /// One analyzer, `scripted-analyzer`, that takes every line `error: MESSAGE` or
    /// `error[CODE]: MESSAGE` for an error.
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

#[async_trait]
impl Analyzers for ScriptedAnalyzers {
    async fn analyze(&self, artifact: &Artifact, mut content: ByteStream) -> Result<Analysis, PortError> {
        let mut whole = Vec::new();
        while let Some(chunk) = content.next().await {
            whole.extend_from_slice(&chunk?);
        }
        lock(&self.seen).push(artifact.clone());
        let findings = (self.script)(artifact, &whole)?;
        Ok(Analysis { findings, generation: GENERATION, bytes: whole.len() as u64 })
    }
}

type MatcherScript = dyn Fn(&Diagnostic, &[Candidate]) -> Result<Vec<Verdict>, PluginProblem> + Send + Sync;

/// A matcher, `scripted-matcher`, whose verdicts are a function of its input.
#[derive(Clone)]
pub struct ScriptedMatchers {
    script: Arc<MatcherScript>,
}

impl ScriptedMatchers {
    /// Judges as `script` does.
    pub fn new(
        script: impl Fn(&Diagnostic, &[Candidate]) -> Result<Vec<Verdict>, PluginProblem> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Arc::new(script) }
    }

    /// Fails every call with this reason, such as `timeout`.
    pub fn failing(reason: &str) -> Self {
        let problem = PluginProblem {
            plugin: "scripted-matcher".to_owned(),
            reason: reason.to_owned(),
            detail: "as the script says".to_owned(),
        };
        Self::new(move |_, _| Err(problem.clone()))
    }
}

impl Default for ScriptedMatchers {
    /// Scores as keyword search did.
    fn default() -> Self {
        Self::new(|_, candidates| Ok(keyword_verdicts(candidates)))
    }
}

impl fmt::Debug for ScriptedMatchers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedMatchers").finish_non_exhaustive()
    }
}

#[async_trait]
impl Matchers for ScriptedMatchers {
    async fn score(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Judgement, PluginError> {
        let verdicts = (self.script)(diagnostic, candidates).map_err(PluginError)?;
        Ok(Judgement { verdicts, plugin: identity("scripted-matcher"), generation: GENERATION })
    }
}

/// An inventory that says what it was made with.
#[derive(Debug, Clone)]
pub struct FixedInventory {
    /// The number of the running generation.
    pub generation: u64,
    /// Every loaded plugin.
    pub plugins: Vec<PluginStatus>,
    /// What could not be loaded.
    pub rejected: Vec<PluginProblem>,
    /// Compilations over their time that still run.
    pub abandoned_compilations: usize,
}

impl Default for FixedInventory {
    /// The scripted analyzer and matcher, never called.
    fn default() -> Self {
        let status = |name: &str, world: &str| PluginStatus {
            identity: identity(name),
            version: Some("0.1.0".to_owned()),
            world: world.to_owned(),
            calls: 0,
            failures: 0,
            last_problem: None,
            from_cache: false,
        };
        Self {
            generation: GENERATION,
            plugins: vec![
                status("scripted-analyzer", "grimoire:analyzer@0.1.0"),
                status("scripted-matcher", "grimoire:matcher@0.1.0"),
            ],
            rejected: Vec::new(),
            abandoned_compilations: 0,
        }
    }
}

impl PluginInventory for FixedInventory {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        self.plugins.clone()
    }

    fn rejected(&self) -> Vec<PluginProblem> {
        self.rejected.clone()
    }

    fn abandoned_compilations(&self) -> usize {
        self.abandoned_compilations
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
