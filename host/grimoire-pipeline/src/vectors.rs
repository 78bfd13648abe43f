//! The vectors of all active spells, and the spells that an error is similar to. All of it exists only where the
//! operator has chosen an embedder.

mod derived;
mod saved;
mod table;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::spell::{Sequence, Spell, SpellId};
use grimoire_domain::text;
use grimoire_ports::PortError;
use grimoire_ports::follower::{Follower, FollowerState, Pace, Progress};
use grimoire_ports::plugins::embedder::{MAX_TEXT_BYTES, Subject, VectorSpace};
use grimoire_ports::plugins::{PluginError, PluginSet};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::pattern_book::Patterns;
use crate::{FailurePolicy, Pipeline, PipelineError, Ports, failure_policy};
use derived::DerivedVectors;
use table::Table;

/// Above this number of vectors, they are searched on a thread that may block.
const INLINE: usize = 4_096;
/// Number of similar spells that are candidates beside those of the search.
const SIMILAR: usize = 16;
/// The lowest similarity of such a candidate. Unrelated texts have some letters in common.
const RELATED: f32 = 0.1;

/// How often to look whether the plugins are loaded, and whether the embedder was replaced.
const LOOKING: Duration = Duration::from_millis(500);

/// The vectors, and the follower that updates them.
pub(crate) struct VectorBook {
    embedder: String,
    published: Published,
    progress: watch::Sender<Progress>,
    /// True while a task keeps the vectors up to date.
    followed: AtomicBool,
    /// Locked while reading new changes.
    follower: Mutex<Follower<DerivedVectors>>,
}

/// The vectors at one point of the change log; `None` before the first.
type Published = Arc<RwLock<Option<Arc<Vectors>>>>;

/// The vectors at one point of the change log, with the embedder that made them: while another one is taking its place,
/// errors are still embedded by this one.
#[derive(Clone)]
struct Vectors {
    set: Arc<dyn PluginSet>,
    space: VectorSpace,
    table: Arc<Table>,
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

impl VectorBook {
    pub(crate) fn new(ports: &Ports, embedder: &str) -> Self {
        let published = Published::default();
        let follower = follower(ports, embedder, &published);
        let progress = watch::Sender::new(follower.progress().borrow().clone());
        Self {
            embedder: embedder.to_owned(),
            published,
            progress,
            followed: AtomicBool::new(false),
            follower: Mutex::new(follower),
        }
    }

    fn current(&self) -> Option<Arc<Vectors>> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The vectors for a judge with these plugins. Where they have the same embedder, they replace the set that made
    /// the vectors, whose other plugins may be outdated and need memory.
    fn current_for(&self, plugins: &Arc<dyn PluginSet>) -> Option<Arc<Vectors>> {
        let current = self.current()?;
        let is_newer = plugins.generation() > current.set.generation();
        if !is_newer || plugins.space(&self.embedder).as_ref() != Some(&current.space) {
            return Some(current);
        }
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        let renewed = Arc::new(Vectors { set: Arc::clone(plugins), ..(**published.as_ref()?).clone() });
        if renewed.space == current.space {
            *published = Some(renewed);
        }
        published.clone()
    }
}

fn follower(ports: &Ports, embedder: &str, published: &Published) -> Follower<DerivedVectors> {
    let derived = DerivedVectors::new(ports, embedder, Arc::clone(published));
    Follower::new(ports.store.clone(), derived, Pace::default())
}

impl Pipeline {
    /// Keeps the vectors of all spells up to date until `shutdown`, once the plugins are loaded; does nothing without
    /// an embedder. For a service. Elsewhere they are brought up to date whenever they are used.
    pub async fn follow_spells_with_vectors(&self, shutdown: CancellationToken) {
        let Some(book) = self.vector_book() else { return };
        book.followed.store(true, Ordering::Release);
        while self.plugins().current().generation() == 0 {
            tokio::select! {
                () = tokio::time::sleep(LOOKING) => {}
                () = shutdown.cancelled() => return,
            }
        }
        let follower = follower(self.ports(), &book.embedder, &book.published);
        let mut progress = follower.progress();
        let (stop, stopped) = watch::channel(false);
        let reported = async {
            loop {
                let now = progress.borrow_and_update().clone();
                book.progress.send_replace(now);
                if progress.changed().await.is_err() {
                    return std::future::pending::<()>().await;
                }
            }
        };
        let stopping = async {
            shutdown.cancelled().await;
            stop.send_replace(true);
            std::future::pending::<()>().await;
        };
        let derived = tokio::select! {
            derived = follower.run(stopped) => derived,
            () = reported => return,
            () = stopping => return,
        };
        derived.save_rest().await;
    }

    /// Waits a little until the vectors have reached a change, unless they are being rebuilt.
    pub(crate) async fn wait_for_vectors(&self, sequence: Sequence, patience: Duration) {
        let Some(book) = self.vector_book().filter(|book| book.followed.load(Ordering::Acquire)) else {
            return;
        };
        let mut progress = book.progress.subscribe();
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
        if !book.followed.load(Ordering::Acquire)
            && let Err(error) = self.catch_up_vectors(book).await
        {
            // The answer is made without those that are missing; the follower has logged nothing here.
            tracing::warn!(%error, "the vectors of the spells could not be brought up to date");
        }
        let Some(vectors) = book.current_for(plugins) else { return Ok(Similarities::default()) };
        let text = text_of_error(diagnostic);
        let embedded = vectors.set.embed(&book.embedder, Subject::Error, vec![text]).await;
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

    async fn catch_up_vectors(&self, book: &VectorBook) -> Result<(), PortError> {
        let mut follower = book.follower.lock().await;
        follower.catch_up().await
    }

    /// A sentence about the vectors and whether they are followed well; `None` without an embedder.
    pub(crate) fn vectors_state(&self) -> Option<(String, bool)> {
        let book = self.vector_book()?;
        let embedder = &book.embedder;
        if !book.followed.load(Ordering::Acquire) {
            return None;
        }
        let progress = book.progress.borrow();
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
