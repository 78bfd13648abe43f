//! The index on disk: opened and checked, written, committed. Everything here blocks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use grimoire_domain::spell::{Sequence, Spell, SpellId};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::schema::Schema;
use tantivy::store::Compressor;
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError, Term};

use crate::memory::Change;
use crate::packed::{self, PackedTokenizer};
use crate::schema::{self, Fields, LastChange, Payload, VERSION};
use crate::snapshot::Snapshot;
use crate::terms::TermCounter;

/// The share of deleted spells in a segment above which it is written anew.
const DELETED_SHARE: f32 = 0.1;
/// How many segments of one size are joined.
const SEGMENTS_TO_JOIN: usize = 8;
/// Segments of fewer spells count as of one size. With more here, the many small segments of a stream of
/// writes would take larger ones with them whenever they are joined.
const SMALL_SEGMENT: u32 = 500;

/// Why an index on disk cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// There is none.
    #[error("there is no search index yet")]
    Missing,
    /// Its files are damaged, or are no index.
    #[error("the search index is corrupt: {0}")]
    Corrupt(String),
    /// Another version of the program wrote it.
    #[error("the search index has schema version {found}, this program needs {needed}", needed = VERSION)]
    OtherSchema {
        /// The version that it says.
        found: u32,
    },
    /// It has followed changes that the store does not have: the store was set back.
    #[error("the search index is ahead of the store, at change {index} of {store}")]
    AheadOfStore {
        /// The last change of the index.
        index: u64,
        /// The last change of the store.
        store: u64,
    },
    /// The store was set back and has been written to since.
    #[error("the search index followed other changes than the store has")]
    Diverged,
    /// It was made from another store.
    #[error("the search index was made from another store")]
    ForeignStore,
    /// It failed while it was in use.
    #[error("the search index failed: {0}")]
    Failed(String),
}

/// An open index.
pub(crate) struct OpenIndex {
    /// Its folder.
    pub(crate) path: PathBuf,
    /// What its last commit says.
    pub(crate) payload: Payload,
    index: Index,
    reader: IndexReader,
    fields: Fields,
    writer: Option<IndexWriter>,
    counter: TermCounter,
    /// Whether the last commit is what it is believed to be. One that failed may have been made.
    is_certain: bool,
}

impl OpenIndex {
    /// Opens an index and checks every byte of it.
    pub(crate) fn open(path: &Path) -> Result<Self, Unusable> {
        let corrupt = |error: TantivyError| Unusable::Corrupt(error.to_string());
        let index = Index::open_in_dir(path).map_err(corrupt)?;
        let text = index.load_metas().map_err(corrupt)?.payload;
        let payload: Payload = text
            .and_then(|text| serde_json::from_str(&text).ok())
            .ok_or_else(|| Unusable::Corrupt("its last commit does not say what it holds".to_owned()))?;
        let (schema, fields) = schema::schema();
        if payload.version != VERSION || index.schema() != schema {
            return Err(Unusable::OtherSchema { found: payload.version });
        }
        let damaged = index.validate_checksum().map_err(corrupt)?;
        if let Some(file) = damaged.iter().min() {
            return Err(Unusable::Corrupt(format!("{} has a wrong checksum", file.display())));
        }
        let reader = reader(&index).map_err(corrupt)?;
        Ok(Self::new(path, payload, index, reader, fields))
    }

    /// Makes an empty index in an empty folder.
    pub(crate) fn create(path: &Path, store: String) -> tantivy::Result<Self> {
        let (schema, fields): (Schema, Fields) = schema::schema();
        let directory = MmapDirectory::open(path)?;
        // Nothing is stored beside the index: there is nothing to compress, and no thread is needed for it.
        let settings = IndexSettings {
            docstore_compression: Compressor::None,
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let index = Index::create(directory, schema, settings)?;
        let payload = Payload { version: VERSION, store, sequence: Sequence(0), last: None };
        let reader = reader(&index)?;
        Ok(Self::new(path, payload, index, reader, fields))
    }

    fn new(path: &Path, payload: Payload, index: Index, reader: IndexReader, fields: Fields) -> Self {
        index.tokenizers().register(packed::NAME, PackedTokenizer::default());
        Self {
            path: path.to_owned(),
            payload,
            index,
            reader,
            fields,
            writer: None,
            counter: TermCounter::default(),
            is_certain: true,
        }
    }

    /// Takes in changed spells as they are now, and takes out what they were before.
    pub(crate) fn apply(
        &mut self,
        changed: &BTreeMap<SpellId, Change>,
        spells: &[Spell],
        memory: usize,
    ) -> tantivy::Result<()> {
        self.writer(memory)?;
        let Self { writer: Some(writer), counter, fields, is_certain, .. } = self else {
            return Err(TantivyError::Poisoned);
        };
        for (id, change) in changed {
            // To delete is slow, because every segment is searched, and what is new is in none.
            if change.created.is_none() || !*is_certain {
                writer.delete_term(Term::from_field_u64(fields.id, id.0));
            }
        }
        for spell in spells {
            writer.add_document(schema::document(fields, &counter.count(spell)))?;
        }
        Ok(())
    }

    /// Makes durable what was taken in, and returns a state that shows it.
    pub(crate) fn commit(
        &mut self,
        sequence: Sequence,
        last: Option<LastChange>,
        memory: usize,
    ) -> tantivy::Result<Snapshot> {
        let payload = Payload { sequence, last, ..self.payload.clone() };
        let text = serde_json::to_string(&payload)
            .map_err(|error| TantivyError::InternalError(error.to_string()))?;
        let mut prepared = self.writer(memory)?.prepare_commit()?;
        prepared.set_payload(&text);
        prepared.commit()?;
        self.payload = payload;
        self.snapshot()
    }

    /// The state of the last commit.
    pub(crate) fn snapshot(&self) -> tantivy::Result<Snapshot> {
        self.reader.reload()?;
        Snapshot::new(self.reader.searcher(), self.fields.clone(), self.payload.sequence)
    }

    /// Forgets what was taken in since the last commit.
    pub(crate) fn forget_writer(&mut self) {
        self.writer = None;
        self.is_certain = false;
    }

    /// Closes the index once nothing writes to its folder any more: a join of segments that is under
    /// way is finished, none is begun. That may take long.
    pub(crate) fn close(self) -> tantivy::Result<()> {
        self.writer.map_or(Ok(()), |writer| {
            writer.set_merge_policy(Box::new(NoMergePolicy));
            writer.wait_merging_threads()
        })
    }

    /// Whether segments were joined since `snapshot` was made. Removes the files of those before.
    pub(crate) fn was_tidied(&self, snapshot: &Snapshot) -> tantivy::Result<bool> {
        if let Some(writer) = &self.writer {
            writer.garbage_collect_files().wait()?;
        }
        let mut segments = self.index.searchable_segment_ids()?;
        segments.sort_unstable();
        Ok(segments != snapshot.segment_ids())
    }

    /// The writer, with one indexing thread. It holds its memory only while it takes spells in. On
    /// Linux its threads have the priority of the thread that calls this first.
    pub(crate) fn writer(&mut self, memory: usize) -> tantivy::Result<&mut IndexWriter> {
        if self.writer.is_none() {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(memory)
                .build();
            let writer: IndexWriter = self.index.writer_with_options(options)?;
            let mut policy = LogMergePolicy::default();
            policy.set_min_num_segments(SEGMENTS_TO_JOIN);
            policy.set_min_layer_size(SMALL_SEGMENT);
            policy.set_del_docs_ratio_before_merge(DELETED_SHARE);
            writer.set_merge_policy(Box::new(policy));
            self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or(TantivyError::Poisoned)
    }
}

/// A reader that changes only when it is told: a state belongs to its sequence number.
fn reader(index: &Index) -> tantivy::Result<IndexReader> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(0).try_into()
}
