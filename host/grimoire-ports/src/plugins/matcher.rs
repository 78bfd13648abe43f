//! Matchers: the input is one diagnostic with candidate spells, the output verdicts.

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_domain::review::PluginIdentity;

use super::PluginError;

/// The result of a matcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Validated verdicts, in no particular order.
    pub verdicts: Vec<Verdict>,
    /// The matcher.
    pub plugin: PluginIdentity,
}

/// Runs matchers.
#[async_trait]
pub trait Matchers: Send + Sync {
    /// Lets the named matcher judge all candidates of one diagnostic in one call.
    async fn score(
        &self,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Judgement, PluginError>;
}
