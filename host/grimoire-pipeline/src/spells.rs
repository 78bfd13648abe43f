//! The spellbook: reading, writing, undoing.

use std::collections::BTreeSet;
use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{
    Revision, Samples, Sequence, Spell, SpellFields, SpellId, SpellSource, SpellStatus,
};
use grimoire_ports::store::{SpellFilter, Stamp, Written};

use crate::{Pipeline, PipelineError};

/// Which spells a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpellQuery {
    /// Words to search for; the list is by relevance then, and by id otherwise.
    pub q: Option<String>,
    /// What else narrows it.
    pub filter: SpellFilter,
}

/// Fields to change; an absent one stays. The inner `None` of a field that may be absent clears it.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(clippy::option_option, reason = "absent, cleared and set are three different wishes")]
pub struct SpellPatch {
    /// See [`SpellFields::key`].
    pub key: Option<Option<String>>,
    /// See [`SpellFields::title`].
    pub title: Option<String>,
    /// See [`SpellFields::description`].
    pub description: Option<String>,
    /// See [`SpellFields::error_type`].
    pub error_type: Option<String>,
    /// See [`SpellFields::error_pattern`].
    pub error_pattern: Option<String>,
    /// See [`SpellFields::covers_code`].
    pub covers_code: Option<bool>,
    /// See [`SpellFields::solution_code`].
    pub solution_code: Option<String>,
    /// See [`SpellFields::tags`].
    pub tags: Option<BTreeSet<String>>,
    /// See [`SpellFields::status`].
    pub status: Option<SpellStatus>,
    /// See [`SpellFields::source`].
    pub source: Option<SpellSource>,
    /// See [`SpellFields::auto_generated`].
    pub auto_generated: Option<bool>,
    /// See [`SpellFields::confidence`].
    pub confidence: Option<Option<f64>>,
    /// See [`SpellFields::samples`].
    pub samples: Option<Samples>,
}

impl SpellPatch {
    /// `fields` with the changes made.
    pub fn apply(self, fields: SpellFields) -> SpellFields {
        SpellFields {
            key: self.key.unwrap_or(fields.key),
            title: self.title.unwrap_or(fields.title),
            description: self.description.unwrap_or(fields.description),
            error_type: self.error_type.unwrap_or(fields.error_type),
            error_pattern: self.error_pattern.unwrap_or(fields.error_pattern),
            covers_code: self.covers_code.unwrap_or(fields.covers_code),
            solution_code: self.solution_code.unwrap_or(fields.solution_code),
            tags: self.tags.unwrap_or(fields.tags),
            status: self.status.unwrap_or(fields.status),
            source: self.source.unwrap_or(fields.source),
            auto_generated: self.auto_generated.unwrap_or(fields.auto_generated),
            confidence: self.confidence.unwrap_or(fields.confidence),
            samples: self.samples.unwrap_or(fields.samples),
        }
    }
}

/// How often a patch is applied anew because somebody else wrote in between.
const PATCH_ATTEMPTS: u32 = 8;
/// How many search results a filtered search looks through at most.
const FILTERED_SEARCH_LIMIT: u64 = 10_000;

impl Pipeline {
    /// Checks and stores a new spell. `Invalid` with every broken field; `Conflict` when its key is taken.
    #[tracing::instrument(skip_all)]
    pub async fn create_spell(&self, fields: SpellFields, by: &str) -> Result<Written<Spell>, PipelineError> {
        let valid = fields.validate()?;
        Ok(self.ports().store.create_spell(valid, self.stamp(by)).await?)
    }

    /// The place of the last write in the change log: it grows with every write of a spell, before the
    /// writer is answered. Cheap.
    pub async fn spell_sequence(&self) -> Result<Sequence, PipelineError> {
        Ok(self.ports().store.last_sequence().await?)
    }

    /// One spell. `NotFound` names the id.
    pub async fn get_spell(&self, id: SpellId) -> Result<Spell, PipelineError> {
        Ok(self.ports().store.get_spell(id).await?)
    }

    /// A page of spells: by relevance when words are given, by ascending id otherwise. Search may
    /// lag behind the store; what it finds is read from the store, so that no deleted spell and no
    /// old text is ever shown. With words and a filter, the best 10,000 results are looked through.
    #[tracing::instrument(skip_all)]
    pub async fn list_spells(
        &self,
        query: &SpellQuery,
        page: PageRequest,
    ) -> Result<Page<Spell>, PipelineError> {
        match query.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
            None => Ok(self.ports().store.list_spells(&query.filter, page).await?),
            Some(words) if query.filter == SpellFilter::default() => {
                let (found, total) = self.search_page(words, page).await?;
                Ok(Page { items: found, total })
            }
            Some(words) => self.search_filtered(words, &query.filter, page).await,
        }
    }

    /// One page of search results that still exist, and how many search found in all.
    async fn search_page(&self, words: &str, page: PageRequest) -> Result<(Vec<Spell>, u64), PipelineError> {
        let hits = self.ports().search.search(words, page).await?;
        let ids: Vec<SpellId> = hits.items.iter().map(|hit| hit.spell).collect();
        let spells = self.ports().store.get_spells(&ids).await?;
        let gone = (ids.len() - spells.len()) as u64;
        Ok((spells, hits.total.saturating_sub(gone)))
    }

    async fn search_filtered(
        &self,
        words: &str,
        filter: &SpellFilter,
        page: PageRequest,
    ) -> Result<Page<Spell>, PipelineError> {
        let mut items = Vec::new();
        let mut total = 0;
        let mut skip = 0;
        while skip < FILTERED_SEARCH_LIMIT {
            let window = PageRequest::new(skip, PageRequest::MAXIMUM_LIMIT)?;
            let hits = self.ports().search.search(words, window).await?;
            let ids: Vec<SpellId> = hits.items.iter().map(|hit| hit.spell).collect();
            for spell in self.ports().store.get_spells(&ids).await? {
                if fits(&spell, filter) {
                    if total >= page.skip() && items.len() < page.limit() as usize {
                        items.push(spell);
                    }
                    total += 1;
                }
            }
            skip += u64::from(PageRequest::MAXIMUM_LIMIT);
            if ids.is_empty() || skip >= hits.total {
                break;
            }
        }
        Ok(Page { items, total })
    }

    /// Replaces every field of a spell. `NotFound`; `Conflict` when `expected` is given and is not
    /// the current revision; `Invalid` with every broken field.
    #[tracing::instrument(skip_all, fields(spell = id.0))]
    pub async fn replace_spell(
        &self,
        id: SpellId,
        fields: SpellFields,
        expected: Option<u64>,
        by: &str,
    ) -> Result<Written<Spell>, PipelineError> {
        let valid = fields.validate()?;
        Ok(self.ports().store.update_spell(id, valid, expected, self.stamp(by)).await?)
    }

    /// Changes some fields of a spell and leaves the others as they are, also when somebody else
    /// changes those at the same time. Errors as `replace_spell`.
    #[tracing::instrument(skip_all, fields(spell = id.0))]
    pub async fn patch_spell(
        &self,
        id: SpellId,
        patch: SpellPatch,
        expected: Option<u64>,
        by: &str,
    ) -> Result<Written<Spell>, PipelineError> {
        let store = &self.ports().store;
        let mut current = store.get_spell(id).await?;
        for _ in 0..PATCH_ATTEMPTS {
            let fields = patch.clone().apply(current.fields.into_fields()).validate()?;
            let against = expected.unwrap_or(current.revision);
            match store.update_spell(id, fields, Some(against), self.stamp(by)).await {
                Err(error) if error.kind() == ErrorKind::Conflict && expected.is_none() => {
                    let now = store.get_spell(id).await?;
                    if now.revision == current.revision {
                        return Err(error.into()); // Not a lost race: the key is taken.
                    }
                    current = now;
                }
                other => return Ok(other?),
            }
        }
        Err(PipelineError::new(
            ErrorKind::Conflict,
            format!("spell {id} changes faster than this change can be made; try again"),
        ))
    }

    /// Deletes a spell; its revisions stay. Errors as `replace_spell`.
    #[tracing::instrument(skip_all, fields(spell = id.0))]
    pub async fn delete_spell(
        &self,
        id: SpellId,
        expected: Option<u64>,
        by: &str,
    ) -> Result<Sequence, PipelineError> {
        Ok(self.ports().store.delete_spell(id, expected, self.stamp(by)).await?)
    }

    /// Every state that a spell had, oldest first, also after its deletion. `NotFound`.
    pub async fn spell_revisions(&self, id: SpellId) -> Result<Vec<Revision>, PipelineError> {
        Ok(self.ports().store.spell_revisions(id).await?)
    }

    /// Undoes: gives a spell the fields of one of its revisions, as a new revision. A deleted spell
    /// comes back under a new id, because ids are never reused. `NotFound` for the spell or the
    /// revision; `Conflict` when `expected` is given and is not the current revision, or the key is
    /// taken meanwhile.
    #[tracing::instrument(skip_all, fields(spell = id.0, revision))]
    pub async fn restore_spell(
        &self,
        id: SpellId,
        revision: u64,
        expected: Option<u64>,
        by: &str,
    ) -> Result<Written<Spell>, PipelineError> {
        let store = &self.ports().store;
        let wanted =
            store.spell_revisions(id).await?.into_iter().find(|kept| kept.revision == revision).ok_or_else(
                || PipelineError::new(ErrorKind::NotFound, format!("spell {id} has no revision {revision}")),
            )?;
        match store.update_spell(id, wanted.fields.clone(), expected, self.stamp(by)).await {
            Err(error) if error.kind() == ErrorKind::NotFound && expected.is_none() => {
                Ok(store.create_spell(wanted.fields, self.stamp(by)).await?)
            }
            other => Ok(other?),
        }
    }

    /// Returns once search sees the change with this number. `Timeout` after `patience`.
    pub async fn wait_until_searchable(
        &self,
        sequence: Sequence,
        patience: Duration,
    ) -> Result<(), PipelineError> {
        Ok(self.ports().search.wait_for(sequence, patience).await?)
    }

    pub(crate) fn stamp(&self, by: &str) -> Stamp {
        Stamp { by: by.to_owned(), at: self.ports().clock.now() }
    }
}

/// Whether a filtered list shows a spell: the rule that stores follow, for what search found.
fn fits(spell: &Spell, filter: &SpellFilter) -> bool {
    let same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
    filter.error_type.as_deref().is_none_or(|wanted| same(&spell.fields.error_type, wanted))
        && filter.tag.as_deref().is_none_or(|wanted| spell.fields.tags.iter().any(|tag| same(tag, wanted)))
        && filter.status.is_none_or(|wanted| spell.fields.status == wanted)
}
