//! What was written a moment ago: searches take it into memory themselves, so that they depend neither on
//! when the index commits nor on how busy the machine is.

use std::collections::HashMap;
use std::sync::Arc;

use grimoire_domain::spell::{Sequence, Spell, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::SpellStore;
use tokio::sync::Mutex;
use tokio::task::{JoinError, spawn_blocking};

use crate::layers::{Changes, Layers};
use crate::memory::Change;
use crate::shared::Shared;
use crate::terms::{SpellTerms, TermCounter};

/// How many changes are taken in at a time.
const BATCH: usize = 500;
/// On how many threads spells are split into words, which is most of the work. Somebody waits for it: beside
/// a stream of writes, which has as many threads on two processors, fewer get less of them than a search
/// takes to keep up.
const COUNTERS: usize = 4;
/// Below so many spells another thread costs more than it saves.
const SMALLEST_PART: usize = 16;

/// Brings what searches see up to the store.
pub(crate) struct Recent {
    store: Arc<dyn SpellStore>,
    shared: Arc<Shared>,
    /// One search takes changes in, others wait for it.
    turn: Mutex<Counters>,
}

impl Recent {
    pub(crate) fn new(store: Arc<dyn SpellStore>, shared: Arc<Shared>) -> Self {
        Self { store, shared, turn: Mutex::default() }
    }

    /// Takes in what the store has by now, as far as memory allows. Tells whether there is an index to be
    /// searched: one that comes into use later may lack what the store has by now.
    pub(crate) async fn refresh(&self) -> Result<bool, PortError> {
        let target = self.store.last_sequence().await?;
        if self.shared.look(|_| ()).is_none() {
            return Ok(false);
        }
        self.catch_up(target).await?;
        Ok(true)
    }

    async fn catch_up(&self, target: Sequence) -> Result<(), PortError> {
        if self.behind(target).is_none() {
            return Ok(());
        }
        let mut turn = self.turn.lock().await;
        while let Some(after) = self.behind(target) {
            let changes = self.store.changes_after(after, BATCH).await?;
            let Some(last) = changes.last().map(|change| change.sequence) else { return Ok(()) };
            let changed = Change::by_spell(&changes);
            let ids: Vec<SpellId> = changed.keys().copied().collect();
            let spells = self.store.get_spells(&ids).await?;
            let failed = |error| PortError::internal("the newest changes cannot be read", error);
            let mut terms = turn.count(spells).await.map_err(failed)?;
            let spells = changed.into_iter().map(|(id, change)| (id, change, terms.remove(&id))).collect();
            let shared = self.shared.clone();
            let taken = spawn_blocking(move || shared.take_in(Changes { after, last, spells }));
            if let Err(error) = taken.await.map_err(failed)? {
                self.shared.report_damage(error.to_string());
                return Ok(());
            }
            if self.behind(target) == Some(after) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The last change that searches see, where that is before `target` and more can be taken in.
    fn behind(&self, target: Sequence) -> Option<Sequence> {
        let seen = self.shared.look(Layers::sequence)?;
        (seen < target && !self.shared.is_full()).then_some(seen)
    }
}

/// Those that are not at work. One that is lost with a search that is given up is made anew.
#[derive(Default)]
struct Counters(Vec<TermCounter>);

impl Counters {
    /// The words of spells, by their ids.
    async fn count(&mut self, mut spells: Vec<Spell>) -> Result<HashMap<SpellId, SpellTerms>, JoinError> {
        let part = spells.len().div_ceil(COUNTERS).max(SMALLEST_PART);
        let mut parts = Vec::with_capacity(COUNTERS);
        while !spells.is_empty() {
            let spells = spells.split_off(spells.len().saturating_sub(part));
            let mut counter = self.0.pop().unwrap_or_default();
            parts.push(spawn_blocking(move || {
                let count = |spell: Spell| (spell.id, counter.count(&spell));
                (spells.into_iter().map(count).collect::<Vec<_>>(), counter)
            }));
        }
        let mut terms = HashMap::new();
        for part in parts {
            let (counted, counter) = part.await?;
            terms.extend(counted);
            self.0.push(counter);
        }
        Ok(terms)
    }
}
