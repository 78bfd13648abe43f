//! Compiled patterns of spells, kept while they are in use.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::pattern::ErrorPattern;
use grimoire_domain::ranking::{PatternEvidence, PatternHit};
use grimoire_domain::spell::SpellId;
use grimoire_domain::text;
use lru::LruCache;

/// The text of an error that patterns are tried on.
#[derive(Debug, Clone)]
pub(crate) struct ErrorText {
    pub(crate) text: Arc<str>,
    /// Where the message is: severity and code stand before it, context and stack trace behind it.
    pub(crate) message: Range<usize>,
}

impl ErrorText {
    pub(crate) fn of(diagnostic: &Diagnostic) -> Self {
        Self { text: diagnostic.searchable_text().into(), message: diagnostic.message_place() }
    }
}

/// The most bytes of a matched text that travel on as evidence.
const EVIDENCE: usize = 512;

/// Patterns by spell and revision; the least recently used ones go first.
pub(crate) struct PatternCache(Mutex<LruCache<(SpellId, u64), Arc<ErrorPattern>>>);

impl PatternCache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN))))
    }

    /// How many of these patterns would have to be read.
    pub(crate) fn missing(&self, revisions: impl Iterator<Item = (SpellId, u64)>) -> usize {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        revisions.filter(|revision| !cache.contains(revision)).count()
    }

    /// Tries a spell's pattern on an error. Takes time linear in the text; compiles at most once, and only
    /// when the text has a beginning of a match.
    pub(crate) fn evidence(
        &self,
        id: SpellId,
        revision: u64,
        source: &str,
        ErrorText { text, message }: &ErrorText,
    ) -> PatternEvidence {
        let pattern = self.pattern(id, revision, source);
        let Some(found) = pattern.find_in_error(text, message.start) else {
            return if pattern.is_usable() { PatternEvidence::Missed } else { PatternEvidence::Untried };
        };
        let start = found.as_ptr().addr() - text.as_ptr().addr();
        PatternEvidence::Hit(PatternHit {
            text: text::cut(found, EVIDENCE).to_owned(),
            telling: pattern.telling(found),
            in_message: start < message.end,
            place: start..start + found.len(),
        })
    }

    /// The pattern of a revision of a spell.
    pub(crate) fn pattern(&self, id: SpellId, revision: u64, source: &str) -> Arc<ErrorPattern> {
        let key = (id, revision);
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        // Read outside the lock: others are waiting.
        let pattern = Arc::new(ErrorPattern::from_store(source));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, Arc::clone(&pattern));
        pattern
    }
}
