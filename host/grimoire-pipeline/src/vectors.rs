//! The vectors of all active spells, and the spells that an error is similar to. All of it exists only where the
//! operator has chosen an embedder.

mod table;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::spell::{Sequence, Spell, SpellId};
use grimoire_domain::text;
use grimoire_ports::PortError;
use grimoire_ports::follower::FollowerState;
use grimoire_ports::plugins::embedder::{MAX_TEXT_BYTES, Subject, VectorSpace};
use grimoire_ports::plugins::{PluginError, PluginSet};
use tokio_util::sync::CancellationToken;

use crate::pattern_book::Patterns;
use crate::products::{InputDigest, Maker, ProductBook};
use crate::{FailurePolicy, Pipeline, PipelineError, failure_policy};
use table::Table;

/// Above this number of vectors, they are searched on a thread that may block.
const INLINE: usize = 4_096;
/// Number of similar spells that are candidates beside those of the search.
const SIMILAR: usize = 16;
/// The lowest similarity of such a candidate. Unrelated texts have some letters in common.
const RELATED: f32 = 0.1;

/// The vectors of all active spells.
pub(crate) type VectorBook = ProductBook<Embedder>;

/// The chosen embedder.
#[derive(Clone)]
pub(crate) struct Embedder(pub(crate) String);

#[async_trait]
impl Maker for Embedder {
    const NAME: &'static str = "vectors";
    // A model takes up to a tenth of a second for each.
    const BATCH: usize = 16;

    type Form = VectorSpace;
    type Product = Vec<f32>;
    type Input = String;
    type Table = Table;

    fn plugin(&self) -> &str {
        &self.0
    }

    fn form(&self, set: &dyn PluginSet) -> Option<VectorSpace> {
        set.space(&self.0)
    }

    fn most(&self) -> usize {
        usize::MAX
    }

    /// An embedder that is not among the first plugins is missed, and said to be.
    fn is_ready(&self, set: &dyn PluginSet) -> bool {
        set.generation() > 0
    }

    fn name_of(space: &VectorSpace) -> String {
        format!("{} {}", space.digest, space.dimension)
    }

    fn empty_table(space: &VectorSpace) -> Table {
        Table::new(space.dimension)
    }

    fn input(&self, spell: Spell) -> (InputDigest, String) {
        let text = text_of_spell(&spell);
        (InputDigest::of(text.as_bytes()), text)
    }

    async fn make(&self, set: &dyn PluginSet, texts: Vec<String>) -> Result<Vec<Vec<f32>>, PluginError> {
        Ok(set.embed(&self.0, Subject::Spell, texts).await?.vectors)
    }

    fn to_bytes(vector: &Vec<f32>) -> Cow<'_, [u8]> {
        vector.iter().flat_map(|component| component.to_le_bytes()).collect::<Vec<_>>().into()
    }

    fn from_bytes(space: &VectorSpace, bytes: &[u8]) -> Option<Vec<f32>> {
        let (components, rest) = bytes.as_chunks::<4>();
        let vector: Vec<f32> = components.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        (rest.is_empty() && vector.len() == space.dimension).then_some(vector)
    }
}

/// How similar spells are to an error.
#[derive(Default)]
pub(crate) struct Similarities {
    /// The similarity of every spell with a vector that may be offered, from -1 to 1.
    of: HashMap<SpellId, f32>,
    /// The most similar ones, best first.
    pub(crate) best: Vec<SpellId>,
    /// The embedder that was asked.
    pub(crate) plugin: Option<PluginIdentity>,
    /// Its failure.
    pub(crate) problem: Option<PluginProblem>,
}

impl Similarities {
    /// The similarity of a spell, if it is known.
    pub(crate) fn get(&self, spell: SpellId) -> Option<f64> {
        self.of.get(&spell).map(|similarity| f64::from(*similarity))
    }
}

impl Pipeline {
    /// Keeps the vectors of all spells up to date until `shutdown`, once the plugins are loaded; does nothing without
    /// an embedder. For a service. Elsewhere they are brought up to date whenever they are used.
    pub async fn follow_spells_with_vectors(&self, shutdown: CancellationToken) {
        let Some(book) = self.vector_book() else { return };
        book.follow(self.ports(), shutdown).await;
    }

    /// Waits a little until the vectors have reached a change, unless they are being rebuilt.
    pub(crate) async fn wait_for_vectors(&self, sequence: Sequence, patience: Duration) {
        let Some(book) = self.vector_book().filter(|book| book.is_followed()) else {
            return;
        };
        let mut progress = book.progress();
        let reached = progress
            .wait_for(|progress| progress.sequence >= sequence || progress.state != FollowerState::Ready);
        // A late vector is no reason to refuse an answer.
        let _ = tokio::time::timeout(patience, reached).await;
    }

    /// How similar the spells that are offered to a repository are to an error. Empty without an embedder, and
    /// until the first vectors are there. An embedder that fails is named; only its failure policy `fail` makes that an
    /// error.
    pub(crate) async fn similarities(
        &self,
        plugins: &Arc<dyn PluginSet>,
        diagnostic: &Diagnostic,
        patterns: &Arc<Patterns>,
        repository: Option<&RepositoryName>,
    ) -> Result<Similarities, PipelineError> {
        let Some(book) = self.vector_book() else { return Ok(Similarities::default()) };
        if !book.is_followed()
            && let Err(error) = book.catch_up().await
        {
            // The answer is made without those that are missing; the follower has logged nothing here.
            tracing::warn!(%error, "the vectors of the spells could not be brought up to date");
        }
        let Some(vectors) = book.current_for(plugins) else { return Ok(Similarities::default()) };
        let text = text_of_error(diagnostic);
        let embedded = vectors.set.embed(book.plugin(), Subject::Error, vec![text]).await;
        let (vector, plugin) = match embedded {
            Ok(mut embedding) => (embedding.vectors.pop().unwrap_or_default(), embedding.plugin),
            Err(PluginError(problem)) => {
                if self.settings().failure_policy(&problem.plugin) == FailurePolicy::Fail {
                    return Err(failure_policy::failed(problem));
                }
                let PluginProblem { plugin, reason, detail } = &problem;
                tracing::warn!(plugin, %reason, detail, "an error has no vector");
                return Ok(Similarities { problem: Some(problem), ..Similarities::default() });
            }
        };
        let (table, patterns, repository) =
            (Arc::clone(&vectors.table), Arc::clone(patterns), repository.cloned());
        let search = move || {
            // The patterns are as new as the store: a vector of another revision is outdated.
            let is_offered = |spell: SpellId, revision: u64| {
                patterns.get(spell).is_some_and(|entry| {
                    entry.revision == revision && entry.scope.contains(repository.as_ref())
                })
            };
            let found = table.similarities(&vector, is_offered);
            let best = table::best(&found, RELATED, SIMILAR);
            Similarities { of: found.into_iter().collect(), best, plugin: Some(plugin), problem: None }
        };
        if vectors.table.len() <= INLINE {
            return Ok(search());
        }
        let searched = tokio::task::spawn_blocking(search).await;
        Ok(searched.map_err(|error| PortError::internal("the vectors could not be searched", error))?)
    }

    /// A sentence about the vectors and whether they are followed well; `None` without an embedder.
    pub(crate) fn vectors_state(&self) -> Option<(String, bool)> {
        let book = self.vector_book()?;
        let embedder = book.plugin();
        if !book.is_followed() {
            return None;
        }
        let progress = book.progress().borrow().clone();
        let count = book.current().map_or(0, |vectors| vectors.table.len());
        Some(match &progress.state {
            FollowerState::Ready => {
                (format!("{embedder} has embedded {count} spells, to change {}", progress.sequence.0), true)
            }
            FollowerState::Rebuilding { done, total, reason } => (
                format!(
                    "{embedder} embeds all spells, {done} of {total} changes, because {reason}; {count} older vectors \
                     are used meanwhile"
                ),
                true,
            ),
            FollowerState::Failing(reason) => {
                (format!("{embedder} cannot embed the spells and tries again by itself: {reason}"), false)
            }
        })
    }
}

/// What is embedded of a spell: what tells its error from others. The fix is left out, because errors do not contain it.
fn text_of_spell(spell: &Spell) -> String {
    let fields = &spell.fields;
    let tags: Vec<&str> = fields.tags.iter().map(String::as_str).collect();
    let parts =
        [&fields.title, &fields.error_type, &fields.error_pattern, &tags.join(" "), &fields.description];
    joined(parts.map(String::as_str))
}

/// What is embedded of an error.
fn text_of_error(diagnostic: &Diagnostic) -> String {
    let code = diagnostic.code.as_deref().unwrap_or_default();
    let code = if code == diagnostic.error_type { "" } else { code };
    joined([&diagnostic.error_type, code, &diagnostic.message, &diagnostic.context])
}

fn joined<const N: usize>(parts: [&str; N]) -> String {
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let mut joined = parts.join("\n");
    joined.truncate(text::cut(&joined, MAX_TEXT_BYTES).len());
    joined
}
