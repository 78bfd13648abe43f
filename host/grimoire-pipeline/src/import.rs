//! Spellbooks in and out.

use std::collections::BTreeMap;

use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{ChangeKind, Sequence, Spell, SpellFields, SpellId, ValidSpell};
use grimoire_domain::validation::Checker;
use grimoire_ports::store::{ImportSummary, Written};

use crate::{Pipeline, PipelineError};

/// Spells that are checked, and then written in one atomic step.
const BATCH: usize = 500;
/// Entries of the change log that an export reads at once.
const EXPORT_BATCH: usize = 1_000;

impl Pipeline {
    /// Brings a spellbook in: spells are known by their keys, so that a second import of the same
    /// file changes nothing. All spells are checked before the first is written; `Invalid` names
    /// every broken field of every spell by its place and key. They are then written in batches;
    /// what was written before a failure stays, and the import may simply be run again. `progress`
    /// hears how many of how many were written.
    #[tracing::instrument(skip_all, fields(spells = spells.len()))]
    pub async fn import_spells(
        &self,
        spells: Vec<SpellFields>,
        by: &str,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<Written<ImportSummary>, PipelineError> {
        let total = spells.len() as u64;
        // Compiling thousands of patterns takes seconds: not on a thread that serves requests.
        let valid = tokio::task::spawn_blocking(move || validate_all(spells)).await.map_err(|error| {
            PipelineError::new(ErrorKind::Internal, format!("checking failed: {error}"))
        })??;
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
            let written = self.ports().store.import_spells(batch, self.stamp(by)).await?;
            summary.created += written.value.created;
            summary.updated += written.value.updated;
            summary.unchanged += written.value.unchanged;
            sequence = sequence.max(written.sequence);
        }
    }

    /// Every spell, by ascending id, as it is when the stream reaches it. It follows the change log
    /// instead of pages, so that a spell deleted meanwhile never makes another one go missing.
    pub fn export_spells(&self) -> BoxStream<'static, Result<Spell, PipelineError>> {
        let pipeline = self.clone();
        stream::try_unfold(Sequence(0), move |after| {
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
        .try_flatten()
        .boxed()
    }
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
