//! The patterns of all active spells, as up to date as the spellbook.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{PatternEvidence, normal_code, own_codes};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::spell::{Sequence, Spell, SpellId, SpellStatus};
use grimoire_ports::PortError;
use grimoire_ports::follower::{Changes, Derived, Follower, Pace, Position};
use grimoire_ports::store::SpellStore;
use tokio::sync::Mutex;

use crate::pattern_set::{Entry, PatternSet};
use crate::patterns::{ErrorText, PatternCache};
use crate::{Pipeline, PipelineError};

/// Above this number, spells are prepared on a thread that may block.
const INLINE: usize = 64;
/// Changed spells are kept separately until there are more than this, and more than one in eight.
const RECENT: usize = 256;
/// Maximum number of patterns that are tried on one text.
const TRIED: usize = 512;
/// Time limit for the patterns of all spells on one error. Only hostile patterns reach it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The patterns, and the follower that updates them.
pub(crate) struct PatternBook {
    published: Published,
    /// Locked while reading new changes.
    follower: Mutex<Follower<DerivedPatterns>>,
}

type Published = Arc<RwLock<Arc<Patterns>>>;

/// The patterns at one point of the change log.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    sequence: Sequence,
    base: Arc<PatternSet>,
    /// Changes since `base` was built.
    recent: Arc<PatternSet>,
    /// Spells of `base` that were changed or deleted since.
    replaced: Arc<HashSet<SpellId>>,
}

/// A spell whose pattern matched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PatternMatch {
    pub(crate) spell: SpellId,
    pub(crate) revision: u64,
    pub(crate) evidence: PatternEvidence,
}

impl PatternBook {
    pub(crate) fn new(store: Arc<dyn SpellStore>) -> Self {
        let published = Published::default();
        let derived = DerivedPatterns {
            published: published.clone(),
            position: Err("they were not read yet".to_owned()),
            changed: BTreeMap::new(),
        };
        Self { published, follower: Mutex::new(Follower::new(store, derived, Pace::default())) }
    }

    fn current(&self) -> Arc<Patterns> {
        current(&self.published)
    }
}

fn current(published: &Published) -> Arc<Patterns> {
    Arc::clone(&published.read().unwrap_or_else(PoisonError::into_inner))
}

/// The patterns as derived data of a change-log follower.
struct DerivedPatterns {
    published: Published,
    position: Result<Position, String>,
    /// Spells changed since the last commit; active ones with their entries.
    changed: BTreeMap<SpellId, Option<Entry>>,
}

impl DerivedPatterns {
    fn publish(&self, patterns: Patterns) {
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(patterns);
    }
}

#[async_trait]
impl Derived for DerivedPatterns {
    const NAME: &'static str = "patterns";

    fn position(&self) -> Result<Position, String> {
        self.position.clone()
    }

    fn discard(&mut self, reason: String) {
        self.position = Err(reason);
    }

    async fn restart(&mut self) -> Result<(), PortError> {
        self.changed.clear();
        self.publish(Patterns::default());
        Ok(())
    }

    async fn apply(&mut self, changes: Changes) -> Result<(), PortError> {
        self.changed.extend(changes.deleted.into_iter().map(|spell| (spell, None)));
        let entry = |spell: &Spell| (spell.fields.status == SpellStatus::Active).then(|| Entry::of(spell));
        let spells = changes.written;
        let entries = on_a_blocking_thread(spells.len(), move || {
            spells.iter().map(|spell| (spell.id, entry(spell))).collect::<Vec<_>>()
        });
        self.changed.extend(entries.await?);
        Ok(())
    }

    async fn commit(&mut self, position: Position) -> Result<(), PortError> {
        let (before, changed) = (current(&self.published), std::mem::take(&mut self.changed));
        let sequence = position.sequence;
        let next = on_a_blocking_thread(changed.len(), move || before.changed(changed, sequence)).await?;
        self.publish(next);
        self.position = Ok(position);
        Ok(())
    }
}

impl Patterns {
    /// Entries with a needle in the text, without duplicates.
    pub(crate) fn needles_in(&self, text: &str) -> Vec<&Entry> {
        self.entries_of(|set, indices| set.needles_in(text, indices))
    }

    /// Entries with a needle in a line that is specific enough for the line to be an error, without duplicates.
    pub(crate) fn distinct_needles_in(&self, line: &str) -> Vec<&Entry> {
        self.entries_of(|set, indices| set.distinct_needles_in(line, indices))
    }

    fn entries_of(&self, find: impl Fn(&PatternSet, &mut Vec<u32>)) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = Vec::new();
        let mut indices = Vec::new();
        for (set, is_base) in [(&self.base, true), (&self.recent, false)] {
            find(set, &mut indices);
            indices.sort_unstable();
            indices.dedup();
            let living = |entry: &&Entry| !(is_base && self.replaced.contains(&entry.spell));
            entries.extend(indices.drain(..).map(|index| set.entry(index)).filter(living));
        }
        entries
    }

    /// The entries to try on a text of a repository, the distinct ones first if there are too many.
    fn in_text(&self, text: &str, repository: Option<&RepositoryName>) -> Vec<&Entry> {
        let mut entries = self.entries_of(|set, indices| {
            indices.extend_from_slice(set.always());
            set.needles_in(text, indices);
        });
        entries.retain(|entry| entry.scope.contains(repository) && entry.may_match(text));
        if entries.len() > TRIED {
            entries.sort_by_key(|entry| (!entry.has_distinct_needles(), entry.spell));
            entries.truncate(TRIED);
        }
        entries
    }

    /// The spells that cover one of the codes of a diagnostic of a repository.
    pub(crate) fn covering(
        &self,
        diagnostic: &Diagnostic,
        repository: Option<&RepositoryName>,
    ) -> Vec<SpellId> {
        let mut spells = Vec::new();
        for code in own_codes(diagnostic).map(normal_code) {
            let of = |set: &PatternSet| -> Vec<SpellId> {
                let entries = set.covering(&code).iter().map(|index| set.entry(*index));
                entries.filter(|entry| entry.scope.contains(repository)).map(|entry| entry.spell).collect()
            };
            spells.extend(of(&self.base).into_iter().filter(|spell| !self.replaced.contains(spell)));
            spells.extend(of(&self.recent));
        }
        spells.sort_unstable();
        spells.dedup();
        spells
    }

    /// The current entry of a spell.
    pub(crate) fn get(&self, spell: SpellId) -> Option<&Entry> {
        self.recent.get(spell).or_else(|| self.base.get(spell).filter(|_| !self.replaced.contains(&spell)))
    }

    /// The same patterns with some spells changed; those with an entry are active.
    fn changed(&self, changed: BTreeMap<SpellId, Option<Entry>>, sequence: Sequence) -> Self {
        let mut replaced: HashSet<SpellId> = (*self.replaced).clone();
        replaced.extend(changed.keys().filter(|spell| self.base.get(**spell).is_some()));
        let kept = self.recent.entries().iter().filter(|entry| !changed.contains_key(&entry.spell)).cloned();
        let mut recent: Vec<Entry> = kept.collect();
        recent.extend(changed.into_values().flatten());
        if recent.len().max(replaced.len()) <= RECENT.max(self.base.entries().len() / 8) {
            let (recent, replaced) = (Arc::new(PatternSet::new(recent)), Arc::new(replaced));
            return Self { sequence, base: Arc::clone(&self.base), recent, replaced };
        }
        let base = self.base.entries().iter().filter(|entry| !replaced.contains(&entry.spell)).cloned();
        let base = Arc::new(PatternSet::new(base.chain(recent).collect()));
        Self { sequence, base, recent: Arc::default(), replaced: Arc::default() }
    }
}

impl Pipeline {
    /// The patterns of all currently active spells. Reads the changes since the last call.
    pub(crate) async fn pattern_book(&self) -> Result<Arc<Patterns>, PipelineError> {
        let book = self.book();
        let last = self.ports().store.last_sequence().await?;
        if book.current().sequence < last {
            let mut follower = book.follower.lock().await;
            // The previous holder of the lock may have read the changes.
            if book.current().sequence < last {
                follower.catch_up().await?;
            }
        }
        Ok(book.current())
    }

    /// All active spells whose pattern is found in an error of a repository.
    pub(crate) async fn find_patterns(
        &self,
        patterns: &Arc<Patterns>,
        error: &ErrorText,
        repository: Option<&RepositoryName>,
    ) -> Result<Vec<PatternMatch>, PipelineError> {
        // Each pattern takes up to about ten milliseconds, too long for a thread that serves requests.
        let (pipeline, patterns, error) = (self.clone(), Arc::clone(patterns), error.clone());
        let repository = repository.cloned();
        let tried = on_a_blocking_thread(usize::MAX, move || {
            try_all(&patterns.in_text(&error.text, repository.as_ref()), &error, pipeline.patterns())
        });
        Ok(tried.await?)
    }
}

fn try_all(entries: &[&Entry], error: &ErrorText, cache: &PatternCache) -> Vec<PatternMatch> {
    let started = Instant::now();
    let mut found = Vec::new();
    for (tried, entry) in entries.iter().enumerate() {
        if started.elapsed() >= PATIENCE {
            let left = entries.len() - tried;
            tracing::warn!(
                left,
                "the spellbook's patterns take too long on an error: the last ones were not tried"
            );
            break;
        }
        let evidence = cache.evidence(entry.spell, entry.revision, &entry.source, error);
        if matches!(evidence, PatternEvidence::Hit(_)) {
            found.push(PatternMatch { spell: entry.spell, revision: entry.revision, evidence });
        }
    }
    found
}

/// Runs a little work directly, and much of it on a thread that may block.
async fn on_a_blocking_thread<T: Send + 'static>(
    amount: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PortError> {
    if amount <= INLINE {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| PortError::internal("the patterns could not be read", error))
}
