//! Full-text search over spells: derived data that follows the store's change log.

use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{Sequence, SpellId};

use crate::PortError;
use crate::follower::FollowerState;

/// A found spell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Which spell.
    pub spell: SpellId,
    /// BM25; above 0, comparable within one answer only.
    pub score: f32,
}

/// Candidates for one diagnostic.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// Best first; ties by ascending id.
    pub hits: Vec<Hit>,
    /// How far the index had followed when it answered.
    pub sequence: Sequence,
}

/// How far the index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexProgress {
    /// The last change that searches of the index see; 0 while it is rebuilt.
    pub sequence: Sequence,
    /// Active spells in the index.
    pub documents: u64,
    /// What it is doing.
    pub state: FollowerState,
}

/// Search over the spellbook. Only spells in status `active` are candidates; text search finds all.
#[async_trait]
pub trait SpellSearch: Send + Sync {
    /// Spells that may fit a diagnostic, at most `limit`, by rarity-pruned keywords of its message,
    /// code, error type and context.
    async fn candidates(&self, diagnostic: &Diagnostic, limit: usize) -> Result<Candidates, PortError>;

    /// Spells by the words of a query, as a person types it into a search box. Any text is a valid
    /// query. Best first, ties by ascending id.
    async fn search(&self, query: &str, page: PageRequest) -> Result<Page<Hit>, PortError>;

    /// How far the index is.
    fn progress(&self) -> IndexProgress;

    /// Returns once searches see `sequence`. `Timeout` after `patience`.
    async fn wait_for(&self, sequence: Sequence, patience: Duration) -> Result<(), PortError>;
}
