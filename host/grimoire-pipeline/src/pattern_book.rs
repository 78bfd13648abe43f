//! The patterns of all active spells, as new as the spellbook.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{PatternEvidence, normal_code, own_codes};
use grimoire_domain::spell::{Sequence, Spell, SpellId, SpellStatus};
use grimoire_ports::PortError;
use grimoire_ports::follower::{Changes, Derived, Follower, Pace, Position};
use grimoire_ports::store::SpellStore;
use tokio::sync::Mutex;

use crate::pattern_set::{Entry, PatternSet};
use crate::patterns::{ErrorText, PatternCache};
use crate::{Pipeline, PipelineError};

/// More spells than this are prepared on a thread that may block.
const INLINE: usize = 64;
/// Changed spells are kept apart until there are more of them than this, and than one in eight.
const RECENT: usize = 256;
/// The most patterns that are tried on one text.
const TRIED: usize = 512;

/// The patterns, and who keeps them.
pub(crate) struct PatternBook {
    published: Published,
    /// Locked by whoever reads what is new.
    follower: Mutex<Follower<DerivedPatterns>>,
}

type Published = Arc<RwLock<Arc<Patterns>>>;

/// The patterns at one moment.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    sequence: Sequence,
    base: Arc<PatternSet>,
    /// What changed since `base` was made.
    recent: Arc<PatternSet>,
    /// Spells of `base` that were changed or are gone.
    replaced: Arc<HashSet<SpellId>>,
}

/// A spell whose pattern was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
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

/// The patterns as a follower of the change log keeps them.
struct DerivedPatterns {
    published: Published,
    position: Result<Position, String>,
    /// Spells that changed since the last commit, with the entries of those that are active.
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
    /// Entries of which a text has a needle, each once.
    pub(crate) fn needles_in(&self, text: &str) -> Vec<&Entry> {
        self.entries_of(|set, indices| set.needles_in(text, indices))
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

    /// Entries that a text may have, the distinct ones first where there are too many.
    fn in_text(&self, text: &str) -> Vec<&Entry> {
        let mut entries = self.entries_of(|set, indices| {
            indices.extend_from_slice(set.always());
            set.needles_in(text, indices);
        });
        if entries.len() > TRIED {
            entries.sort_by_key(|entry| (!entry.distinct, entry.spell));
            entries.truncate(TRIED);
        }
        entries
    }

    /// How many of a text's patterns would have to be compiled first.
    fn missing(entries: &[&Entry], cache: &PatternCache) -> usize {
        cache.missing(entries.iter().map(|entry| (entry.spell, entry.revision)))
    }

    /// Spells that cover one of the diagnostic's own codes.
    pub(crate) fn covering(&self, diagnostic: &Diagnostic) -> Vec<SpellId> {
        let mut spells = Vec::new();
        for code in own_codes(diagnostic).map(normal_code) {
            let of = |set: &PatternSet| -> Vec<SpellId> {
                set.covering(&code).iter().map(|index| set.entry(*index).spell).collect()
            };
            spells.extend(of(&self.base).into_iter().filter(|spell| !self.replaced.contains(spell)));
            spells.extend(of(&self.recent));
        }
        spells.sort_unstable();
        spells.dedup();
        spells
    }

    /// The living entry of a spell.
    pub(crate) fn get(&self, spell: SpellId) -> Option<&Entry> {
        self.recent.get(spell).or_else(|| self.base.get(spell).filter(|_| !self.replaced.contains(&spell)))
    }

    /// The same patterns with some spells changed, of which those with an entry are active.
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
    /// The patterns of all spells that are active now. Reads what changed since the last call.
    pub(crate) async fn pattern_book(&self) -> Result<Arc<Patterns>, PipelineError> {
        let book = self.book();
        let last = self.ports().store.last_sequence().await?;
        if book.current().sequence < last {
            let mut follower = book.follower.lock().await;
            // Whoever had the lock before may have read it.
            if book.current().sequence < last {
                follower.catch_up().await?;
            }
        }
        Ok(book.current())
    }

    /// All active spells whose pattern is found in an error.
    pub(crate) async fn find_patterns(
        &self,
        patterns: &Arc<Patterns>,
        error: &ErrorText,
    ) -> Result<Vec<Found>, PipelineError> {
        /// Above this much work, patterns are tried on a thread that may block.
        const INLINE_TEXT: usize = 16 << 10;
        const INLINE_COMPILATIONS: usize = 8;
        if error.text.len() <= INLINE_TEXT {
            let entries = patterns.in_text(&error.text);
            if Patterns::missing(&entries, self.patterns()) <= INLINE_COMPILATIONS {
                return Ok(try_all(&entries, error, self.patterns()));
            }
        }
        let (pipeline, patterns, error) = (self.clone(), Arc::clone(patterns), error.clone());
        let tried = on_a_blocking_thread(usize::MAX, move || {
            try_all(&patterns.in_text(&error.text), &error, pipeline.patterns())
        });
        Ok(tried.await?)
    }
}

fn try_all(entries: &[&Entry], error: &ErrorText, cache: &PatternCache) -> Vec<Found> {
    let found = entries.iter().filter_map(|entry| {
        match cache.evidence(entry.spell, entry.revision, &entry.source, error) {
            evidence @ PatternEvidence::Hit(_) => {
                Some(Found { spell: entry.spell, revision: entry.revision, evidence })
            }
            PatternEvidence::Untried | PatternEvidence::Missed => None,
        }
    });
    found.collect()
}

/// Does little work at once, and much of it where others do not wait for it.
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
