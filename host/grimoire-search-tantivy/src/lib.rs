//! Full-text search over spells: a tantivy index that follows the store's change log.
#![forbid(unsafe_code)]
