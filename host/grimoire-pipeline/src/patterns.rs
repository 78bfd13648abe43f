//! A cache of compiled patterns.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::pattern::ErrorPattern;
use grimoire_domain::ranking::PatternEvidence;
use grimoire_domain::spell::SpellId;
use grimoire_domain::text;
use lru::LruCache;

/// The text of an error that patterns are searched in.
#[derive(Debug, Clone)]
pub(crate) struct ErrorText {
    pub(crate) text: Arc<str>,
    /// The range of the message: severity and code precede it, context and stack trace follow it.
    pub(crate) message: Range<usize>,
}

impl ErrorText {
    pub(crate) fn of(diagnostic: &Diagnostic) -> Self {
        let text = diagnostic.searchable_text();
        let message = diagnostic.message_place();
        let text = text::cut(&text, MOST_TEXT);
        Self { text: text.into(), message: message.start.min(text.len())..message.end.min(text.len()) }
    }
}

/// Maximum number of bytes of an error's text that are searched.
const MOST_TEXT: usize = 64 << 10;

/// Patterns by spell and revision; the least recently used ones are evicted.
pub(crate) struct PatternCache(Mutex<LruCache<(SpellId, u64), Arc<ErrorPattern>>>);

impl PatternCache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN))))
    }

    /// Searches a spell's pattern in an error. Takes time linear in the text; compiles at most once, and
    /// only if the text contains a possible beginning of a match.
    pub(crate) fn evidence(
        &self,
        id: SpellId,
        revision: u64,
        source: &str,
        ErrorText { text, message }: &ErrorText,
    ) -> PatternEvidence {
        PatternEvidence::search(&self.pattern(id, revision, source), text, message)
    }

    /// The pattern of a revision of a spell.
    pub(crate) fn pattern(&self, id: SpellId, revision: u64, source: &str) -> Arc<ErrorPattern> {
        let key = (id, revision);
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        // Parsed without holding the lock, because other threads wait for it.
        let pattern = Arc::new(ErrorPattern::from_store(source));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, Arc::clone(&pattern));
        pattern
    }
}
