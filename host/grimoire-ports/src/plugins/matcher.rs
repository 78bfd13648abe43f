//! Matchers: the input is one diagnostic with candidate spells, the output verdicts.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_domain::review::PluginIdentity;
use grimoire_domain::spell::{Spell, SpellId};

use super::PluginError;

/// Maximum number of spells that are prepared at once.
pub const MAX_SPELLS: usize = 64;
/// Maximum size of what a matcher prepares of one spell, in bytes.
pub const MAX_PREPARED_BYTES: usize = 16 << 10;

/// The result of a matcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Validated verdicts, in no particular order.
    pub verdicts: Vec<Verdict>,
    /// The matcher.
    pub plugin: PluginIdentity,
}

/// What a matcher prepared of spells: what it gets instead of their texts.
pub type PreparedSpells = HashMap<SpellId, Arc<[u8]>>;

/// Runs matchers.
#[async_trait]
pub trait Matchers: Send + Sync {
    /// What identifies the form in which a matcher prepares spells: another component or another configuration has
    /// another one. `None` if no matcher of this name is loaded, or if it prepares nothing.
    fn prepared_form(&self, matcher: &str) -> Option<String>;

    /// Lets the named matcher prepare at most [`MAX_SPELLS`] spells: a result for each, in their order, of at most
    /// [`MAX_PREPARED_BYTES`]; empty for a spell that it wants as it is written. A failure counts neither in its
    /// statistics nor towards its rest, because nothing but speed depends on it.
    async fn prepare_spells(
        &self,
        matcher: &str,
        spells: Vec<Arc<Spell>>,
    ) -> Result<Vec<Arc<[u8]>>, PluginError>;

    /// Lets the named matcher judge all candidates of one diagnostic in one call. It gets what it `prepared` in place of
    /// those spells. That must have the present form of this matcher, and be made of the same revisions.
    async fn score_prepared(
        &self,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        prepared: &PreparedSpells,
    ) -> Result<Judgement, PluginError>;

    /// The same with all spells as they are written.
    async fn score(
        &self,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Judgement, PluginError> {
        self.score_prepared(matcher, diagnostic, candidates, &PreparedSpells::new()).await
    }
}
