//! What was written a moment ago: searches take it into memory themselves, so that they depend neither on
//! when the index commits nor on how busy the machine is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use grimoire_domain::spell::{Sequence, Spell, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::SpellStore;
use tokio::sync::Mutex;

use crate::layers::{Changes, Layers};
use crate::memory::Change;
use crate::shared::Shared;
use crate::terms::{SpellTerms, TermCounter};

/// How many changes are taken in at a time.
const BATCH: usize = 500;

/// Brings what searches see up to the store.
pub(crate) struct Recent {
    store: Arc<dyn SpellStore>,
    shared: Arc<Shared>,
    /// One search takes changes in, others wait for it.
    turn: Mutex<TermCounter>,
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
            let shared = self.shared.clone();
            // Lost with a search that is given up meanwhile: then it is made anew.
            let mut counter = std::mem::take(&mut *turn);
            let taken = tokio::task::spawn_blocking(move || {
                let spells = with_terms(&mut counter, changed, &spells);
                (shared.take_in(Changes { after, last, spells }), counter)
            });
            match taken.await {
                Ok((Ok(()), counter)) => *turn = counter,
                Ok((Err(error), _)) => {
                    self.shared.report_damage(error.to_string());
                    return Ok(());
                }
                Err(error) => return Err(PortError::internal("the newest changes cannot be read", error)),
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

fn with_terms(
    counter: &mut TermCounter,
    changed: BTreeMap<SpellId, Change>,
    spells: &[Spell],
) -> Vec<(SpellId, Change, Option<SpellTerms>)> {
    let spells: HashMap<SpellId, &Spell> = spells.iter().map(|spell| (spell.id, spell)).collect();
    let mut terms = |id| spells.get(&id).map(|spell| counter.count(spell));
    changed.into_iter().map(|(id, change)| (id, change, terms(id))).collect()
}
