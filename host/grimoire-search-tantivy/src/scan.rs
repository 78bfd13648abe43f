//! Search without an index: a bounded scan of the store, for the time of a rebuild.

use std::collections::BTreeMap;

use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{Sequence, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::{SpellFilter, SpellStore};

use crate::memory::{Change, Memory};
use crate::rank::{Corpus, Query};
use crate::terms::TermCounter;

/// The most spells that one scan looks at, by ascending id. Larger spellbooks are searched in part
/// while their index is made.
pub(crate) const MAXIMUM_SPELLS: u64 = 20_000;

/// How many spells are read at a time.
const PAGE: u32 = 500;

/// What a scan found of a query.
pub(crate) struct Scan(Memory);

impl Scan {
    /// Reads the spells and keeps what the query asks for.
    pub(crate) async fn of(store: &dyn SpellStore, query: &Query) -> Result<Self, PortError> {
        let mut memory = Memory::default();
        let mut counter = TermCounter::default();
        let wanted = |token: &str| {
            query.terms.contains_key(token)
                || query.prefix.as_ref().is_some_and(|prefix| token.starts_with(prefix))
        };
        let change = Change { sequence: Sequence(0), created: None };
        let mut skip = 0;
        while skip < MAXIMUM_SPELLS {
            let page = PageRequest::new(skip, PAGE)?;
            let spells = store.list_spells(&SpellFilter::default(), page).await?.items;
            skip += u64::from(PAGE);
            let last = spells.len() < PAGE as usize;
            for spell in spells {
                memory.put(&counter.count_wanted(&spell, wanted), change);
            }
            if last {
                break;
            }
            // Splitting text takes longer than reading it: others must get their turn.
            tokio::task::yield_now().await;
        }
        Ok(Self(memory))
    }
}

impl Corpus for Scan {
    type Error = std::convert::Infallible;

    fn documents(&self) -> u64 {
        self.0.documents()
    }

    fn slots(&self) -> usize {
        self.0.slots()
    }

    fn frequency(&self, term: &str) -> Result<u64, Self::Error> {
        Ok(self.0.frequency(term))
    }

    fn completions(&self, prefix: &str) -> Result<BTreeMap<String, u64>, Self::Error> {
        Ok(self.0.completions(prefix))
    }

    fn occurrences(&self, term: &str, visit: &mut dyn FnMut(usize, f64)) -> Result<(), Self::Error> {
        self.0.occurrences(term, visit);
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        self.0.spell(slot)
    }
}
