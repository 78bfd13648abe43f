//! Operations on the spellbook: reading, writing, restoring.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::kind::{ErrorKind, Resource};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{
    Outcomes, Revision, Samples, Sequence, Spell, SpellFields, SpellId, SpellSource, SpellStatus, ValidSpell,
};
use grimoire_ports::PortError;
use grimoire_ports::search::{Excerpt, Hit, SearchedTerms};
use grimoire_ports::store::{SpellFilter, Stamp, Written};
use tokio::sync::Mutex;

use crate::{Pipeline, PipelineError};

/// The query of a list of spells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpellQuery {
    /// Words to search for; the list is then ordered by relevance, and otherwise by id.
    pub q: Option<String>,
    /// Additional filters.
    pub filter: SpellFilter,
}

/// A spell in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedSpell {
    /// The spell as stored.
    pub spell: Spell,
    /// The relevance for the search; `None` in a list without a search.
    pub relevance: Option<Relevance>,
}

/// How well a spell matches a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Relevance {
    /// The score, above 0; comparable within one search only.
    pub score: f32,
    /// The matching part of the spell; `None` if the spell was changed since and does not match any more.
    pub excerpt: Option<Excerpt>,
}

/// Fields to change; absent ones are kept. An inner `None` clears an optional field.
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
    /// See [`SpellFields::scope`].
    pub scope: Option<Scope>,
}

impl SpellPatch {
    /// Applies the changes to `fields`.
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
            scope: self.scope.unwrap_or(fields.scope),
        }
    }
}

/// A spell that was restored to an earlier revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    /// The spell after the change.
    pub written: Written<Spell>,
    /// True if the spell had been deleted.
    pub was_deleted: bool,
}

/// Maximum number of tries to apply a patch when other writes interfere.
const PATCH_ATTEMPTS: u32 = 100;
/// How long a search waits for the index, which commits several times per second.
const READ_YOUR_WRITES: Duration = Duration::from_millis(500);
/// Maximum number of search results that a filtered search examines.
const FILTERED_SEARCH_LIMIT: u64 = 10_000;

/// Checks the fields outside of the threads that serve requests: the pattern is compiled and tried on every sample.
async fn checked(fields: SpellFields) -> Result<ValidSpell, PipelineError> {
    let checked = tokio::task::spawn_blocking(move || fields.validate()).await;
    let checked = checked
        .map_err(|error| PipelineError::new(ErrorKind::Internal, format!("checking failed: {error}")))?;
    Ok(checked?)
}

impl Pipeline {
    /// Stores a new spell; one with its key and equal fields is returned instead. Fails with `Invalid` and every invalid
    /// field, and with `Conflict` if a different spell has its key.
    #[tracing::instrument(skip_all)]
    pub async fn create_spell(
        &self,
        fields: SpellFields,
        actor: &Actor,
    ) -> Result<Written<Spell>, PipelineError> {
        actor.require(Permission::Write)?;
        let valid = checked(fields).await?;
        Ok(self.ports().store.create_spell(valid, self.stamp(actor)).await?)
    }

    /// Returns a spell. Fails with `NotFound`, which names the id.
    pub async fn get_spell(&self, id: SpellId, actor: &Actor) -> Result<Spell, PipelineError> {
        actor.require(Permission::Read)?;
        self.ports().store.get_spell(id).await.map_err(about(id))
    }

    /// The outcomes of these spells, in the order of `ids`.
    pub async fn spell_outcomes(
        &self,
        ids: &[SpellId],
        actor: &Actor,
    ) -> Result<Vec<Outcomes>, PipelineError> {
        actor.require(Permission::Read)?;
        Ok(self.ports().store.spell_outcomes(ids).await?)
    }

    /// Returns a page of spells: by relevance if words are given, by ascending id otherwise. The index gets a
    /// moment to catch up with the store; found spells are read from the store, so that neither a deleted spell nor
    /// an old text is returned. With words and a filter, only the best 10,000 results are examined.
    #[tracing::instrument(skip_all)]
    pub async fn list_spells(
        &self,
        query: &SpellQuery,
        page: PageRequest,
        actor: &Actor,
    ) -> Result<Page<ListedSpell>, PipelineError> {
        actor.require(Permission::Read)?;
        if query.q.is_some() {
            self.catch_up().await?;
        }
        match query.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
            None => {
                let spells = self.ports().store.list_spells(&query.filter, page).await?;
                let items = spells.items.into_iter().map(|spell| ListedSpell { spell, relevance: None });
                Ok(Page { items: items.collect(), total: spells.total })
            }
            Some(words) if query.filter == SpellFilter::default() => {
                let (found, total) = self.search_page(words, page).await?;
                Ok(Page { items: found, total })
            }
            Some(words) => self.search_filtered(words, &query.filter, page).await,
        }
    }

    /// One page of search results that still exist, and the total that the search reported.
    async fn search_page(
        &self,
        words: &str,
        page: PageRequest,
    ) -> Result<(Vec<ListedSpell>, u64), PipelineError> {
        let results = self.ports().search.search(words, page).await?;
        let spells = self.spells_of(&results.hits.items).await?;
        let gone = (results.hits.items.len() - spells.len()) as u64;
        let listed = spells.into_iter().map(|(spell, score)| self.listed(spell, score, &results.terms));
        Ok((listed.collect(), results.hits.total.saturating_sub(gone)))
    }

    async fn search_filtered(
        &self,
        words: &str,
        filter: &SpellFilter,
        page: PageRequest,
    ) -> Result<Page<ListedSpell>, PipelineError> {
        let mut items = Vec::new();
        let mut total = 0;
        let mut skip = 0;
        while skip < FILTERED_SEARCH_LIMIT {
            let window = PageRequest::new(skip, PageRequest::MAXIMUM_LIMIT)?;
            let results = self.ports().search.search(words, window).await?;
            for (spell, score) in self.spells_of(&results.hits.items).await? {
                if fits(&spell, filter) {
                    if total >= page.skip() && items.len() < page.limit() as usize {
                        items.push(self.listed(spell, score, &results.terms));
                    }
                    total += 1;
                }
            }
            skip += u64::from(PageRequest::MAXIMUM_LIMIT);
            if results.hits.items.is_empty() || skip >= results.hits.total {
                break;
            }
        }
        Ok(Page { items, total })
    }

    /// The still existing spells of the hits, in their order, with their scores.
    async fn spells_of(&self, hits: &[Hit]) -> Result<Vec<(Spell, f32)>, PipelineError> {
        let ids: Vec<SpellId> = hits.iter().map(|hit| hit.spell).collect();
        let scores: BTreeMap<SpellId, f32> = hits.iter().map(|hit| (hit.spell, hit.score)).collect();
        let spells = self.ports().store.get_spells(&ids).await?;
        let scored = spells.into_iter().filter_map(|spell| {
            let score = *scores.get(&spell.id)?;
            Some((spell, score))
        });
        Ok(scored.collect())
    }

    fn listed(&self, spell: Spell, score: f32, terms: &SearchedTerms) -> ListedSpell {
        let excerpt = self.ports().search.excerpt(&spell, terms);
        ListedSpell { spell, relevance: Some(Relevance { score, excerpt }) }
    }

    /// Replaces every field of a spell. Fails with `NotFound`, with `Conflict` if `expected` is
    /// given and is not the current revision, and with `Invalid`, which lists every invalid field.
    #[tracing::instrument(skip_all, fields(spell = id.0))]
    pub async fn replace_spell(
        &self,
        id: SpellId,
        fields: SpellFields,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Written<Spell>, PipelineError> {
        actor.require(Permission::Write)?;
        let valid = checked(fields).await?;
        self.ports().store.update_spell(id, valid, expected, self.stamp(actor)).await.map_err(about(id))
    }

    /// Changes some fields of a spell and keeps the others, including concurrent changes to them.
    /// Errors as for `replace_spell`.
    #[tracing::instrument(skip_all, fields(spell = id.0))]
    pub async fn patch_spell(
        &self,
        id: SpellId,
        patch: SpellPatch,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Written<Spell>, PipelineError> {
        actor.require(Permission::Write)?;
        // Patches of one spell run one at a time: concurrent ones would only make each other start again.
        let _turn = self.0.patch_locks.of(id).lock().await;
        let store = &self.ports().store;
        let mut current = store.get_spell(id).await.map_err(about(id))?;
        for _ in 0..PATCH_ATTEMPTS {
            let fields = checked(patch.clone().apply(current.fields.into_fields())).await?;
            let against = expected.unwrap_or(current.revision);
            match store.update_spell(id, fields, Some(against), self.stamp(actor)).await {
                Err(error) if error.kind() == ErrorKind::Conflict && expected.is_none() => {
                    let now = store.get_spell(id).await.map_err(about(id))?;
                    if now.revision == current.revision {
                        return Err(error.into()); // Not a lost race: the key is taken.
                    }
                    current = now;
                }
                other => return other.map_err(about(id)),
            }
        }
        Err(PipelineError::new(
            ErrorKind::Conflict,
            format!("spell {id} changes faster than this change can be made; try again"),
        ))
    }

    /// Deletes a spell; its revisions are kept. Errors as for `replace_spell`.
    #[tracing::instrument(skip_all, fields(spell = id.0))]
    pub async fn delete_spell(
        &self,
        id: SpellId,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Sequence, PipelineError> {
        actor.require(Permission::Write)?;
        self.ports().store.delete_spell(id, expected, self.stamp(actor)).await.map_err(about(id))
    }

    /// Returns all revisions of a spell, oldest first, also after its deletion. Fails with `NotFound`.
    pub async fn spell_revisions(&self, id: SpellId, actor: &Actor) -> Result<Vec<Revision>, PipelineError> {
        actor.require(Permission::Read)?;
        self.ports().store.spell_revisions(id).await.map_err(about(id))
    }

    /// Restores the fields of an earlier revision as a new revision. A deleted spell is restored
    /// under its id. Fails with `NotFound` for the spell or the revision, and with `Conflict` if
    /// `expected` is given and is not the current revision, or the key has been taken meanwhile.
    #[tracing::instrument(skip_all, fields(spell = id.0, revision))]
    pub async fn restore_spell(
        &self,
        id: SpellId,
        revision: u64,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Restored, PipelineError> {
        actor.require(Permission::Write)?;
        let store = &self.ports().store;
        let kept = store.spell_revisions(id).await.map_err(about(id))?;
        let wanted = kept.into_iter().find(|kept| kept.revision == revision);
        let wanted = wanted.ok_or_else(|| PipelineError::missing(Resource::Revision, revision))?;
        match store.update_spell(id, wanted.fields.clone(), expected, self.stamp(actor)).await {
            Err(error) if error.kind() == ErrorKind::NotFound && expected.is_none() => {
                let written = store.undelete_spell(id, wanted.fields, self.stamp(actor)).await?;
                Ok(Restored { written, was_deleted: true })
            }
            other => Ok(Restored { written: other.map_err(about(id))?, was_deleted: false }),
        }
    }

    /// Returns once searches see the change with this number. Fails with `Timeout` after `patience`.
    pub async fn wait_until_searchable(
        &self,
        sequence: Sequence,
        patience: Duration,
    ) -> Result<(), PipelineError> {
        Ok(self.ports().search.wait_for(sequence, patience).await?)
    }

    /// Waits a moment for the index to reach all acknowledged writes, so that callers find what they wrote.
    pub(crate) async fn catch_up(&self) -> Result<(), PipelineError> {
        let last = self.ports().store.last_sequence().await?;
        let search = &self.ports().search;
        if search.progress().sequence < last && search.wait_for(last, READ_YOUR_WRITES).await.is_err() {
            tracing::debug!(sequence = last.0, "search is behind the store");
        }
        self.wait_for_vectors(last, READ_YOUR_WRITES).await;
        Ok(())
    }

    pub(crate) fn stamp(&self, actor: &Actor) -> Stamp {
        Stamp { by: actor.to_string(), at: self.ports().clock.now() }
    }
}

/// Locks for patches: one patch at a time for each spell. Some spells share a lock.
#[derive(Default)]
pub(crate) struct PatchLocks([Mutex<()>; 32]);

impl PatchLocks {
    fn of(&self, id: SpellId) -> &Mutex<()> {
        let turns = self.0.len();
        &self.0[usize::try_from(id.0).unwrap_or(usize::MAX) % turns]
    }
}

/// Adds the spell's id to a store's error.
fn about(id: SpellId) -> impl Fn(PortError) -> PipelineError {
    move |error| PipelineError::asking_for(Resource::Spell, id, error)
}

/// Returns true if a filter matches a spell, by the same rule as in stores; used for search results.
fn fits(spell: &Spell, filter: &SpellFilter) -> bool {
    let same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
    filter.error_type.as_deref().is_none_or(|wanted| same(&spell.fields.error_type, wanted))
        && filter.tag.as_deref().is_none_or(|wanted| spell.fields.tags.iter().any(|tag| same(tag, wanted)))
        && filter.status.is_none_or(|wanted| spell.fields.status == wanted)
}
