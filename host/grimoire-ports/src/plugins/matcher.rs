//! Matchers: one diagnostic and candidate spells go in, verdicts come out.

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_domain::review::PluginIdentity;

use super::PluginError;

/// What a matcher said.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Validated verdicts, in no particular order.
    pub verdicts: Vec<Verdict>,
    /// Which matcher.
    pub plugin: PluginIdentity,
    /// The generation that did it.
    pub generation: u64,
}

/// Runs the active matcher.
#[async_trait]
pub trait Matchers: Send + Sync {
    /// Judges all candidates of one diagnostic in one call.
    async fn score(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Judgement, PluginError>;
}
