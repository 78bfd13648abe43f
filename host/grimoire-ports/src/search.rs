//! Full-text search over spells: derived data that follows the store's change log.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{Sequence, Spell, SpellId};

use crate::PortError;
use crate::follower::FollowerState;

/// A spell found by a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The spell.
    pub spell: SpellId,
    /// BM25 score above 0; comparable within one answer only.
    pub score: f32,
}

/// Candidates for one diagnostic.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// Hits, best first; ties by ascending id.
    pub hits: Vec<Hit>,
    /// The change that the index had reached.
    pub sequence: Sequence,
}

/// The result of a text search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResults {
    /// Hits, best first, ties by ascending id; the total counts all matching spells.
    pub hits: Page<Hit>,
    /// The terms that were searched for, with synonyms, completions and corrections.
    pub terms: SearchedTerms,
}

/// Terms of a search in its internal form: only the search itself can find them in a text.
pub type SearchedTerms = BTreeSet<String>;

/// The part of a spell that matches best, cut to that part. Plain text: callers escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The name of the spell's field.
    pub field: &'static str,
    /// The text in passages.
    pub passages: Vec<Passage>,
}

/// A passage of an [`Excerpt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Never empty.
    pub text: String,
    /// True if the passage is a search term.
    pub marked: bool,
}

/// The progress of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexProgress {
    /// The last change that index searches see; 0 during a rebuild.
    pub sequence: Sequence,
    /// Number of active spells in the index.
    pub documents: u64,
    /// The current activity of the index.
    pub state: FollowerState,
}

/// Search over the spellbook. Candidates are only spells in status `active`; text search finds all spells.
#[async_trait]
pub trait SpellSearch: Send + Sync {
    /// Returns at most `limit` spells that may fit a diagnostic, by the rarest keywords of its
    /// message, code, error type and context.
    async fn candidates(&self, diagnostic: &Diagnostic, limit: usize) -> Result<Candidates, PortError>;

    /// Finds spells by the words of a query that a person typed. Any text is a valid query. Most words
    /// must match; `"quoted words"` must occur next to each other, and `-word` must not occur.
    async fn search(&self, query: &str, page: PageRequest) -> Result<SearchResults, PortError>;

    /// Returns the part of a spell that matches the terms; `None` if it has none, as after a change of its text.
    fn excerpt(&self, spell: &Spell, terms: &SearchedTerms) -> Option<Excerpt>;

    /// Returns the progress of the index.
    fn progress(&self) -> IndexProgress;

    /// Returns once searches see `sequence`. Fails with `Timeout` after `patience`.
    async fn wait_for(&self, sequence: Sequence, patience: Duration) -> Result<(), PortError>;

    /// Stops following the store and returns once all files are closed. Searches still work.
    async fn close(&self);
}
