//! Import and export of spellbooks.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{ChangeKind, Sequence, Spell, SpellFields, SpellId, ValidSpell};
use grimoire_domain::validation::Checker;
use grimoire_ports::store::{ImportSummary, Written};

use crate::{Pipeline, PipelineError};

/// Number of spells that are written in one atomic step.
const BATCH: usize = 500;
/// Number of change-log entries that an export reads at once. A reader that stops reading holds as many spells.
const EXPORT_BATCH: usize = 16;

impl Pipeline {
    /// Imports a spellbook. Spells are identified by their keys, so that a second import of the
    /// same file changes nothing. All spells are checked before the first is written; `Invalid`
    /// names every invalid field of every spell by its position and key. Spells are then written in
    /// batches; batches before a failure are kept, and the import may be repeated. `progress` is
    /// called with the number of written spells and the total.
    #[tracing::instrument(skip_all, fields(spells = spells.len()))]
    pub async fn import_spells(
        &self,
        spells: Vec<SpellFields>,
        actor: &Actor,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<Written<ImportSummary>, PipelineError> {
        actor.require(Permission::Write)?;
        let total = spells.len() as u64;
        let valid = checked(spells).await?;
        let mut summary = ImportSummary::default();
        let mut sequence = self.ports().store.last_sequence().await?;
        let mut done = 0;
        let mut rest = valid.into_iter();
        loop {
            progress(done, total);
            let batch: Vec<ValidSpell> = rest.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(Written { value: summary, sequence });
            }
            done += batch.len() as u64;
            let written = self.ports().store.import_spells(batch, self.stamp(actor)).await?;
            summary.created += written.value.created;
            summary.updated += written.value.updated;
            summary.unchanged += written.value.unchanged;
            sequence = sequence.max(written.sequence);
        }
    }

    /// Imports the first spells of a new store, all or none: a store with some of them would count as filled at the next
    /// start. Meanwhile the part `db` of the health says so.
    pub async fn fill_new_store(
        &self,
        spells: Vec<SpellFields>,
        actor: &Actor,
    ) -> Result<Written<ImportSummary>, PipelineError> {
        actor.require(Permission::Write)?;
        self.0.filling.store(spells.len(), Ordering::Relaxed);
        let filled = async {
            let valid = checked(spells).await?;
            Ok(self.ports().store.import_spells(valid, self.stamp(actor)).await?)
        };
        let written = filled.await;
        self.0.filling.store(0, Ordering::Relaxed);
        written
    }

    /// A sentence about a new store that is still getting its first spells.
    pub(crate) fn still_filling(&self) -> Option<String> {
        let spells = self.0.filling.load(Ordering::Relaxed);
        (spells > 0).then(|| format!("its first {spells} spells are being stored"))
    }

    /// Predicts the effect of [`import_spells`](Self::import_spells), with the same errors. Writes nothing.
    pub async fn preview_import(
        &self,
        spells: Vec<SpellFields>,
        actor: &Actor,
    ) -> Result<ImportSummary, PipelineError> {
        actor.require(Permission::Write)?;
        let valid = checked(spells).await?;
        let (mut keyed, mut keyless) = (HashMap::new(), Vec::new());
        let mut known = self.export_spells(actor)?;
        while let Some(spell) = known.try_next().await? {
            match spell.fields.key.clone() {
                Some(key) => drop(keyed.insert(key, spell.fields)),
                None => keyless.push(spell.fields),
            }
        }
        let mut summary = ImportSummary::default();
        for fields in valid {
            let before = match &fields.key {
                Some(key) => keyed.get(key),
                None => keyless.iter().find(|known| **known == fields),
            };
            match before {
                Some(before) if *before == fields => summary.unchanged += 1,
                Some(_) => summary.updated += 1,
                None => {
                    summary.created += 1;
                    if fields.key.is_none() {
                        keyless.push(fields);
                    }
                }
            }
        }
        Ok(summary)
    }

    /// Streams every spell by ascending id, in its state when the stream reaches it. It follows the change log
    /// instead of pages, so that a concurrent deletion never makes it skip another spell.
    pub fn export_spells(
        &self,
        actor: &Actor,
    ) -> Result<BoxStream<'static, Result<Spell, PipelineError>>, PipelineError> {
        actor.require(Permission::Read)?;
        let pipeline = self.clone();
        let spells = stream::try_unfold(Sequence(0), move |after| {
            let pipeline = pipeline.clone();
            async move {
                let store = &pipeline.ports().store;
                let changes = store.changes_after(after, EXPORT_BATCH).await?;
                let Some(last) = changes.last() else { return Ok(None) };
                let next = last.sequence;
                let ids: Vec<SpellId> = changes
                    .iter()
                    .filter(|change| change.kind == ChangeKind::Created)
                    .map(|change| change.spell)
                    .collect();
                let spells = store.get_spells(&ids).await?;
                Ok::<_, PipelineError>(Some((stream::iter(spells.into_iter().map(Ok)), next)))
            }
        })
        .try_flatten();
        Ok(spells.boxed())
    }
}

/// Checks every spell. Compiling thousands of patterns takes seconds, too long for a thread that serves requests.
async fn checked(spells: Vec<SpellFields>) -> Result<Vec<ValidSpell>, PipelineError> {
    tokio::task::spawn_blocking(move || validate_all(spells))
        .await
        .map_err(|error| PipelineError::new(ErrorKind::Internal, format!("checking failed: {error}")))?
}

fn validate_all(spells: Vec<SpellFields>) -> Result<Vec<ValidSpell>, PipelineError> {
    let mut checker = Checker::default();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut valid = Vec::with_capacity(spells.len());
    for (index, fields) in spells.into_iter().enumerate() {
        let named = fields.key.as_deref().map(|key| format!(" (spell `{key}`)")).unwrap_or_default();
        if let Some(key) = &fields.key {
            if let Some(earlier) = places.get(key) {
                checker.reject(
                    format!("spells[{index}].key"),
                    format!("`{key}` is the key of spells[{earlier}] already"),
                );
            } else {
                places.insert(key.clone(), index);
            }
        }
        match fields.validate() {
            Ok(spell) => valid.push(spell),
            Err(errors) => {
                for error in errors.errors() {
                    checker.reject(
                        format!("spells[{index}].{}", error.field),
                        format!("{}{named}", error.message),
                    );
                }
            }
        }
    }
    Ok(checker.finish(valid)?)
}
