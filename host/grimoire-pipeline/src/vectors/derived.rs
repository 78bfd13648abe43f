//! The vectors as derived data of a change-log follower.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{Spell, SpellId, SpellStatus};
use grimoire_ports::PortError;
use grimoire_ports::derived_file::DerivedFile;
use grimoire_ports::follower::{Changes, Derived, Position};
use grimoire_ports::plugins::embedder::{Subject, VectorSpace};
use grimoire_ports::plugins::{PluginError, PluginSet, Plugins};
use tokio::time::Instant;

use super::saved::{self, Known, TextDigest};
use super::table::{Row, Table};
use super::{LOOKING, Published, Vectors, text_of_spell};
use crate::Ports;

/// Number of texts that are embedded at once. A model takes up to a tenth of a second for each.
const BATCH: usize = 16;
/// Minimum time between two writes of the file, which contains all vectors.
const SAVING: Duration = Duration::from_secs(60);

/// The vectors, and those of the changes that are not yet published.
pub(super) struct DerivedVectors {
    embedder: String,
    plugins: Arc<dyn Plugins>,
    file: Option<Arc<dyn DerivedFile>>,
    published: Published,
    position: Result<Position, String>,
    /// The embedder at work, once there is one.
    source: Option<(Arc<dyn PluginSet>, VectorSpace)>,
    table: Table,
    /// Changes since the last commit; active spells with their vectors.
    changed: BTreeMap<SpellId, Option<(Row, Vec<f32>)>>,
    /// Vectors of the file, until the first commit.
    known: Known,
    /// True if there are vectors that the file lacks.
    unsaved: bool,
    saved_at: Option<Instant>,
}

impl DerivedVectors {
    pub(super) fn new(ports: &Ports, embedder: &str, published: Published) -> Self {
        Self {
            embedder: embedder.to_owned(),
            plugins: ports.plugins.clone(),
            file: ports.vector_file.clone(),
            published,
            position: Err("they were not read yet".to_owned()),
            source: None,
            table: Table::default(),
            changed: BTreeMap::new(),
            known: Known::new(),
            unsaved: false,
            saved_at: None,
        }
    }

    /// The current plugins and the space of their embedder.
    fn present(&self) -> Option<(Arc<dyn PluginSet>, VectorSpace)> {
        let set = self.plugins.current();
        let space = set.space(&self.embedder)?;
        Some((set, space))
    }

    /// True if the vectors are those of the embedder that runs now. One that is missing for a while changes nothing.
    fn is_current(&self) -> bool {
        match (&self.source, self.present()) {
            (Some((_, made_in)), Some((_, space))) => *made_in == space,
            (_, None) => true,
            (None, Some(_)) => false,
        }
    }

    /// The vector of a text that was embedded before.
    fn known(&self, spell: SpellId, text: TextDigest) -> Option<Vec<f32>> {
        let before = self.table.get(spell).filter(|(row, _)| row.text == text);
        before.map(|(_, vector)| vector.to_vec()).or_else(|| self.known.get(&text).cloned())
    }

    /// Embeds texts. Where a batch fails, its texts are tried one by one, so that one that the embedder cannot read
    /// does not keep the others from being found; it has no vector then. Fails if none of several has one.
    async fn embed(
        &self,
        set: &Arc<dyn PluginSet>,
        texts: Vec<String>,
    ) -> Result<Vec<Option<Vec<f32>>>, PortError> {
        let embed = |texts: Vec<String>| async move {
            let embedding = set.embed(&self.embedder, Subject::Spell, texts).await?;
            Ok::<_, PluginError>(embedding.vectors)
        };
        let error = match embed(texts.clone()).await {
            Ok(vectors) => return Ok(vectors.into_iter().map(Some).collect()),
            Err(error) => error,
        };
        let is_of_a_text = !matches!(error.0.reason, FailureReason::Busy | FailureReason::Refused);
        if !is_of_a_text || texts.len() == 1 {
            return Err(PortError::new(error.kind(), error.to_string()));
        }
        let mut vectors = Vec::with_capacity(texts.len());
        for text in texts {
            match embed(vec![text]).await {
                Ok(one) => vectors.extend(one.into_iter().map(Some)),
                Err(error) => {
                    tracing::warn!(%error, "a spell has no vector");
                    vectors.push(None);
                }
            }
        }
        if vectors.iter().all(Option::is_none) {
            return Err(PortError::new(error.kind(), error.to_string()));
        }
        Ok(vectors)
    }

    /// Writes all vectors to the file, if there are new ones and the last write was some time ago.
    async fn save(&mut self, now: bool) {
        let recently = self.saved_at.is_some_and(|saved_at| saved_at.elapsed() < SAVING);
        let (Some(file), Some((_, space))) = (self.file.clone(), self.source.clone()) else { return };
        if !self.unsaved || recently && !now {
            return;
        }
        let (table, known) = (self.table.clone(), self.known.clone());
        let changed: HashMap<TextDigest, Vec<f32>> =
            self.changed.values().flatten().map(|(row, vector)| (row.text, vector.clone())).collect();
        let written = tokio::task::spawn_blocking(move || {
            // Each text once: spells may have the same text.
            let mut vectors: HashMap<TextDigest, &[f32]> =
                table.rows().map(|(row, vector)| (row.text, vector)).collect();
            vectors.extend(known.iter().chain(&changed).map(|(text, vector)| (*text, &vector[..])));
            file.replace(&saved::write(&space, vectors.into_iter()))
        });
        match written.await.map_err(|error| PortError::internal("the writing thread ended", error)) {
            Ok(Ok(())) => self.unsaved = false,
            Ok(Err(error)) | Err(error) => {
                tracing::warn!(%error, "the vectors are not saved: the next start embeds the spells again");
            }
        }
        self.saved_at = Some(Instant::now());
    }

    /// Writes what is not yet in the file.
    pub(super) async fn save_rest(mut self) {
        self.save(true).await;
    }

    /// The vectors of the file, if they are of this space.
    async fn load(&self, space: &VectorSpace) -> Known {
        let Some(file) = self.file.clone() else { return Known::new() };
        let space = space.clone();
        let loaded = tokio::task::spawn_blocking(move || match file.read()? {
            None => Ok(Known::new()),
            Some(content) => Ok(saved::read(&content, &space).unwrap_or_else(|reason| {
                tracing::info!(reason, "the saved vectors are not used");
                Known::new()
            })),
        });
        let loaded = loaded.await.map_err(|error| PortError::internal("the reading thread ended", error));
        loaded.and_then(|loaded| loaded).unwrap_or_else(|error: PortError| {
            tracing::warn!(%error, "the saved vectors cannot be read");
            Known::new()
        })
    }
}

#[async_trait]
impl Derived for DerivedVectors {
    const NAME: &'static str = "vectors";

    fn position(&self) -> Result<Position, String> {
        let position = self.position.clone()?;
        if self.is_current() { Ok(position) } else { Err("the embedder was replaced".to_owned()) }
    }

    fn discard(&mut self, reason: String) {
        self.position = Err(reason);
    }

    /// The published vectors stay in use until the first commit of the new ones.
    async fn restart(&mut self) -> Result<(), PortError> {
        let (set, space) = self.present().ok_or_else(|| {
            PortError::new(ErrorKind::Unavailable, format!("the embedder {} is not loaded", self.embedder))
        })?;
        self.position = Err("it was not finished".to_owned());
        let same = self.source.as_ref().is_some_and(|(_, before)| *before == space);
        if same {
            let changed = std::mem::take(&mut self.changed).into_values().flatten();
            self.known.extend(changed.map(|(row, vector)| (row.text, vector)));
            self.known.extend(self.table.rows().map(|(row, vector)| (row.text, vector.to_vec())));
        } else {
            self.known = self.load(&space).await;
            self.unsaved = false;
        }
        self.changed.clear();
        self.table = Table::new(space.dimension);
        self.source = Some((set, space));
        Ok(())
    }

    async fn apply(&mut self, changes: Changes) -> Result<(), PortError> {
        // The same embedder in a newer set: the older one may go.
        let present = self.present();
        if let (Some((set, space)), Some((newer, now))) = (&mut self.source, present)
            && *space == now
        {
            *set = newer;
        }
        let Some((set, _)) = self.source.clone() else {
            return Err(PortError::internal("the vectors", "changes came before a start"));
        };
        self.changed.extend(changes.deleted.into_iter().map(|spell| (spell, None)));
        let mut missing: Vec<(Row, String)> = Vec::new();
        for spell in changes.written {
            if spell.fields.status != SpellStatus::Active {
                self.changed.insert(spell.id, None);
                continue;
            }
            let (row, text) = row(&spell);
            match self.known(spell.id, row.text) {
                Some(vector) => drop(self.changed.insert(spell.id, Some((row, vector)))),
                None => missing.push((row, text)),
            }
        }
        for batch in missing.chunks(BATCH) {
            let texts = batch.iter().map(|(_, text)| text.clone()).collect();
            let vectors = self.embed(&set, texts).await?;
            self.unsaved = true;
            for ((row, _), vector) in batch.iter().zip(vectors) {
                self.changed.insert(row.spell, vector.map(|vector| (*row, vector)));
            }
            self.save(false).await;
        }
        Ok(())
    }

    async fn commit(&mut self, position: Position) -> Result<(), PortError> {
        let Some((set, space)) = self.source.clone() else {
            return Err(PortError::internal("the vectors", "a commit came before a start"));
        };
        for (spell, vector) in std::mem::take(&mut self.changed) {
            match vector {
                Some((row, vector)) => self.table.put(row, &vector),
                None => self.table.remove(spell),
            }
        }
        self.known = Known::new();
        let vectors = Vectors { set, space, table: Arc::new(self.table.clone()) };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(vectors));
        self.position = Ok(position);
        self.save(false).await;
        Ok(())
    }

    async fn failed(&self) {
        while self.is_current() {
            tokio::time::sleep(LOOKING).await;
        }
    }
}

fn row(spell: &Spell) -> (Row, String) {
    let text = text_of_spell(spell);
    (Row { spell: spell.id, revision: spell.revision, text: TextDigest::of(&text) }, text)
}
