//! Reading spells.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{Revision, Sequence, Spell, SpellChange, SpellId};
use grimoire_ports::store::SpellFilter;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};

use crate::failure::{Failure, Outcome};
use crate::record::spell::{decode_change, decode_revision, decode_spell, folded, status_code};
use crate::records::Records;
use crate::schema::{
    SPELL_CHANGES, SPELL_REVISIONS, SPELL_STATUSES, SPELLS, SPELLS_BY_ERROR_TYPE, SPELLS_BY_TAG,
};

pub(crate) fn spell(transaction: &ReadTransaction, id: SpellId) -> Outcome<Spell> {
    let spells = Records(transaction.open_table(SPELLS)?);
    let record = spells.get(id.0)?.ok_or_else(|| missing(id))?;
    Ok(decode_spell(id, record.bytes())?.spell)
}

pub(crate) fn missing(id: SpellId) -> Failure {
    Failure::refused(ErrorKind::NotFound, format!("there is no spell {id}"))
}

pub(crate) fn spells(transaction: &ReadTransaction, ids: &[SpellId]) -> Outcome<Vec<Spell>> {
    let table = Records(transaction.open_table(SPELLS)?);
    let mut spells = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(record) = table.get(id.0)? {
            spells.push(decode_spell(*id, record.bytes())?.spell);
        }
    }
    Ok(spells)
}

/// Lists spells: walks the narrowest index for the filter, and reads only the spells of the page.
pub(crate) fn list(
    transaction: &ReadTransaction,
    filter: &SpellFilter,
    page: PageRequest,
) -> Outcome<Page<Spell>> {
    let indices = Indices {
        statuses: transaction.open_table(SPELL_STATUSES)?,
        error_types: transaction.open_table(SPELLS_BY_ERROR_TYPE)?,
        tags: transaction.open_table(SPELLS_BY_TAG)?,
    };
    let wanted = Wanted {
        error_type: filter.error_type.as_deref().map(folded),
        tag: filter.tag.as_deref().map(folded),
        status: filter.status.map(status_code),
    };
    let mut window = Window { page, total: 0, ids: Vec::new() };
    if wanted == Wanted::default() {
        window.fill_from_all(&indices.statuses)?;
    } else if let Some(error_type) = &wanted.error_type {
        for entry in indices.error_types.range((error_type.as_str(), 0)..=(error_type.as_str(), u64::MAX))? {
            let id = entry?.0.value().1;
            if indices.has_tag(id, wanted.tag.as_deref())? && indices.has_status(id, wanted.status)? {
                window.offer(id);
            }
        }
    } else if let Some(tag) = &wanted.tag {
        for entry in indices.tags.range((tag.as_str(), 0)..=(tag.as_str(), u64::MAX))? {
            let id = entry?.0.value().1;
            if indices.has_status(id, wanted.status)? {
                window.offer(id);
            }
        }
    } else {
        for entry in indices.statuses.iter()? {
            let (id, status) = entry?;
            if wanted.status.is_none_or(|wanted| wanted == status.value()) {
                window.offer(id.value());
            }
        }
    }
    Ok(Page { items: spells(transaction, &window.ids)?, total: window.total })
}

/// A filter in the form of the index keys.
#[derive(PartialEq, Eq, Default)]
struct Wanted {
    error_type: Option<String>,
    tag: Option<String>,
    status: Option<u8>,
}

struct Indices {
    statuses: ReadOnlyTable<u64, u8>,
    error_types: ReadOnlyTable<(&'static str, u64), ()>,
    tags: ReadOnlyTable<(&'static str, u64), ()>,
}

impl Indices {
    fn has_tag(&self, id: u64, tag: Option<&str>) -> Outcome<bool> {
        Ok(match tag {
            Some(tag) => self.tags.get((tag, id))?.is_some(),
            None => true,
        })
    }

    fn has_status(&self, id: u64, status: Option<u8>) -> Outcome<bool> {
        Ok(match status {
            Some(status) => self.statuses.get(id)?.is_some_and(|stored| stored.value() == status),
            None => true,
        })
    }
}

/// Counts the ids that match the filter and keeps those of the page.
struct Window {
    page: PageRequest,
    total: u64,
    ids: Vec<SpellId>,
}

impl Window {
    fn offer(&mut self, id: u64) {
        if self.total >= self.page.skip() && self.ids.len() < self.page.limit() as usize {
            self.ids.push(SpellId(id));
        }
        self.total += 1;
    }

    /// Without a filter the total is known, and the walk ends with the page.
    fn fill_from_all(&mut self, statuses: &ReadOnlyTable<u64, u8>) -> Outcome<()> {
        self.total = statuses.len()?;
        if self.page.skip() < self.total {
            let skip = usize::try_from(self.page.skip()).unwrap_or(usize::MAX);
            for entry in statuses.iter()?.skip(skip).take(self.page.limit() as usize) {
                self.ids.push(SpellId(entry?.0.value()));
            }
        }
        Ok(())
    }
}

pub(crate) fn revisions(transaction: &ReadTransaction, id: SpellId) -> Outcome<Vec<Revision>> {
    let table = Records(transaction.open_table(SPELL_REVISIONS)?);
    let mut revisions = Vec::new();
    for entry in table.range((id.0, 0)..=(id.0, u64::MAX))? {
        let (key, record) = entry?;
        revisions.push(decode_revision(id, key.value().1, record.bytes())?);
    }
    let spells = Records(transaction.open_table(SPELLS)?);
    if let Some(record) = spells.get(id.0)? {
        revisions.push(decode_spell(id, record.bytes())?.revision());
    }
    if revisions.is_empty() {
        return Err(Failure::refused(ErrorKind::NotFound, format!("there never was a spell {id}")));
    }
    Ok(revisions)
}

pub(crate) fn changes(
    transaction: &ReadTransaction,
    after: Sequence,
    limit: usize,
) -> Outcome<Vec<SpellChange>> {
    let table = Records(transaction.open_table(SPELL_CHANGES)?);
    let mut changes = Vec::new();
    for entry in table.range(after.0.saturating_add(1)..)?.take(limit) {
        let (sequence, record) = entry?;
        changes.push(decode_change(Sequence(sequence.value()), record.bytes())?);
    }
    Ok(changes)
}
