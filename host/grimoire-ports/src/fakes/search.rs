//! Search by simple word overlap, always up to date with the store.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::ranking::compare;
use grimoire_domain::spell::{Sequence, Spell, SpellStatus};

use super::MemoryStore;
use super::store::page_of;
use crate::PortError;
use crate::follower::FollowerState;
use crate::search::{
    Candidates, Excerpt, Hit, IndexProgress, Passage, SearchResults, SearchedTerms, SpellSearch,
};
use crate::store::SpellStore;

/// Finds spells of a [`MemoryStore`] by the number of words they share with the query.
#[derive(Debug, Clone)]
pub struct MemorySearch {
    store: MemoryStore,
}

impl MemorySearch {
    /// Searches `store`.
    pub fn new(store: MemoryStore) -> Self {
        Self { store }
    }

    fn hits(&self, question: &str, wanted: impl Fn(&Spell) -> bool) -> Vec<Hit> {
        let question = words(question);
        let mut hits: Vec<Hit> = Vec::new();
        for spell in self.store.all_spells().iter().filter(|spell| wanted(spell)) {
            let shared = words_of(spell).intersection(&question).count();
            if shared > 0 {
                hits.push(Hit { spell: spell.id, score: shared as f32 });
            }
        }
        hits.sort_by(|left, right| {
            compare((left.score.into(), left.spell), (right.score.into(), right.spell))
        });
        hits
    }
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn words_of(spell: &Spell) -> BTreeSet<String> {
    let fields = &spell.fields;
    let texts = [
        fields.title.as_str(),
        &fields.description,
        &fields.error_type,
        &fields.error_pattern,
        &fields.solution_code,
    ];
    let tags = fields.tags.iter().map(String::as_str);
    texts.into_iter().chain(tags).flat_map(words).collect()
}

#[async_trait]
impl SpellSearch for MemorySearch {
    async fn candidates(&self, diagnostic: &Diagnostic, limit: usize) -> Result<Candidates, PortError> {
        let sequence = self.store.sequence();
        let mut hits =
            self.hits(&diagnostic.searchable_text(), |spell| spell.fields.status == SpellStatus::Active);
        hits.truncate(limit);
        Ok(Candidates { hits, sequence })
    }

    async fn search(&self, query: &str, page: PageRequest) -> Result<SearchResults, PortError> {
        Ok(SearchResults { hits: page_of(self.hits(query, |_| true), page), terms: words(query) })
    }

    fn excerpt(&self, spell: &Spell, terms: &SearchedTerms) -> Option<Excerpt> {
        let title = &spell.fields.title;
        let passages = title
            .split_inclusive(' ')
            .map(|piece| Passage { text: piece.to_owned(), marked: !words(piece).is_disjoint(terms) });
        let passages: Vec<Passage> = passages.collect();
        passages.iter().any(|passage| passage.marked).then_some(Excerpt { field: "title", passages })
    }

    fn progress(&self) -> IndexProgress {
        let active = |spell: &&Spell| spell.fields.status == SpellStatus::Active;
        IndexProgress {
            sequence: self.store.sequence(),
            documents: self.store.all_spells().iter().filter(active).count() as u64,
            state: FollowerState::Ready,
        }
    }

    async fn wait_for(&self, sequence: Sequence, patience: Duration) -> Result<(), PortError> {
        if sequence <= self.store.sequence() {
            return Ok(());
        }
        let last = Sequence(sequence.0.saturating_sub(1));
        tokio::time::timeout(patience, self.store.wait_for_change(last)).await.map_err(|_| {
            PortError::new(ErrorKind::Timeout, format!("search has not reached change {}", sequence.0))
        })
    }

    async fn close(&self) {}
}

#[cfg(test)]
mod tests {
    use grimoire_domain::spell::{SpellFields, SpellId};

    use super::*;
    use crate::store::Stamp;

    #[tokio::test]
    async fn more_shared_words_rank_higher_and_deleted_spells_are_gone() {
        let store = MemoryStore::new();
        let stamp = Stamp { by: "test".to_owned(), at: grimoire_domain::Timestamp::UNIX_EPOCH };
        for title in ["borrow checker", "borrow after move", "port in use"] {
            let fields = SpellFields {
                title: title.to_owned(),
                description: "d".to_owned(),
                error_type: "e".to_owned(),
                error_pattern: "text:pattern".to_owned(),
                solution_code: "s".to_owned(),
                ..SpellFields::default()
            };
            let fields = fields.validate().expect("the sample is valid");
            store.create_spell(fields, stamp.clone()).await.expect("there is no key to collide");
        }
        let search = MemorySearch::new(store.clone());
        let found = async || {
            let page =
                search.search("Borrow: after", PageRequest::default()).await.expect("any query is valid");
            page.hits.items.into_iter().map(|hit| hit.spell.0).collect::<Vec<_>>()
        };
        assert_eq!(found().await, [2, 1]);
        let sequence = store.delete_spell(SpellId(2), None, stamp).await.expect("the spell exists");
        search.wait_for(sequence, Duration::ZERO).await.expect("the index follows at once");
        assert_eq!(found().await, [1]);
        let error = search.wait_for(Sequence(99), Duration::ZERO).await.expect_err("nobody writes so much");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}
