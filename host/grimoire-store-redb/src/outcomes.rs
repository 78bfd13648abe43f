//! Outcomes of spells: which spells a pull request was ever offered, and for how many of those pull requests the last
//! review says that all runs passed. The counts are written together with the reviews, so that a list of spells need
//! not read any review.

use std::collections::BTreeMap;

use grimoire_domain::repository::PullRequestId;
use grimoire_domain::spell::{Outcomes, SpellId};
use redb::{ReadTransaction, ReadableTable, Table, WriteTransaction};

use crate::failure::Outcome;
use crate::record::review::decode_review;
use crate::record::review::key_of;
use crate::records::Records;
use crate::schema::{REVIEWS, REVIEWS_BY_WRITE, SPELL_OFFERS, SPELL_OUTCOMES};

/// The tables of outcomes in one transaction.
pub(crate) struct OutcomeTables<'t> {
    offers: Table<'t, (&'static str, u64, u64), ()>,
    outcomes: Table<'t, u64, (u64, u64)>,
}

/// Before and after a write: true if the last review of a pull request says that all runs passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GreenChange {
    pub(crate) was_green: bool,
    pub(crate) is_green: bool,
}

impl<'t> OutcomeTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            offers: transaction.open_table(SPELL_OFFERS)?,
            outcomes: transaction.open_table(SPELL_OUTCOMES)?,
        })
    }

    /// Counts a review that offers these spells.
    pub(crate) fn count(
        &mut self,
        pull_request: &PullRequestId,
        offered: impl IntoIterator<Item = SpellId>,
        green: GreenChange,
    ) -> Outcome<()> {
        let (repository, number) = (pull_request.repository.as_str(), pull_request.number);
        if green.was_green != green.is_green {
            let all = (repository, number, 0)..=(repository, number, u64::MAX);
            let known: Vec<u64> =
                self.offers.range(all)?.map(|row| Ok(row?.0.value().2)).collect::<Outcome<_>>()?;
            for spell in known {
                self.change(spell, |outcomes| {
                    if green.is_green {
                        outcomes.fixed += 1;
                    } else {
                        outcomes.fixed = outcomes.fixed.saturating_sub(1);
                    }
                })?;
            }
        }
        for spell in offered {
            if self.offers.insert((repository, number, spell.0), ())?.is_none() {
                self.change(spell.0, |outcomes| {
                    outcomes.offered += 1;
                    outcomes.fixed += u64::from(green.is_green);
                })?;
            }
        }
        Ok(())
    }

    fn change(&mut self, spell: u64, change: impl FnOnce(&mut Outcomes)) -> Outcome<()> {
        let mut outcomes = of(&self.outcomes, SpellId(spell))?;
        change(&mut outcomes);
        self.outcomes.insert(spell, (outcomes.offered, outcomes.fixed))?;
        Ok(())
    }
}

/// The outcomes of some spells, in the same order.
pub(crate) fn read(transaction: &ReadTransaction, spells: &[SpellId]) -> Outcome<Vec<Outcomes>> {
    let table = transaction.open_table(SPELL_OUTCOMES)?;
    spells.iter().map(|spell| of(&table, *spell)).collect()
}

fn of(table: &impl ReadableTable<u64, (u64, u64)>, spell: SpellId) -> Outcome<Outcomes> {
    let counts = table.get(spell.0)?.map_or((0, 0), |row| row.value());
    Ok(Outcomes { offered: counts.0, fixed: counts.1 })
}

/// Counts all reviews of a store that has no outcomes yet, in the order in which they were written.
pub(crate) fn count_all(transaction: &WriteTransaction) -> Outcome<()> {
    let mut tables = OutcomeTables::open(transaction)?;
    let reviews = Records(transaction.open_table(REVIEWS)?);
    let mut green: BTreeMap<PullRequestId, bool> = BTreeMap::new();
    for row in transaction.open_table(REVIEWS_BY_WRITE)?.iter()? {
        let parts = row?.1;
        let key = key_of(parts.value())?;
        let Some(record) = reviews.get(parts.value())? else { continue };
        let review = decode_review(key, record.bytes())?.review;
        let is_green = review.diagnosis.green;
        let pull_request = review.key.pull_request.clone();
        let was_green = green.insert(pull_request.clone(), is_green).unwrap_or(false);
        tables.count(&pull_request, review.offered(), GreenChange { was_green, is_green })?;
    }
    Ok(())
}
