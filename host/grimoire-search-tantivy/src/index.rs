//! The tantivy index in its folder: opening with checks, creating, writing. Everything here blocks.

use std::fs;
use std::io;
use std::path::Path;

use grimoire_ports::follower::{Changes, Position};
use serde::{Deserialize, Serialize};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyError, Term};

use crate::schema::{self, Fields, VERSION};
use crate::snapshot::Snapshot;
use crate::tokenizer;

/// The share of deleted documents above which a segment is rewritten: each of them slows down every search.
const DELETED_SHARE: f32 = 0.1;

/// The metadata of a commit.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    /// [`VERSION`] of the program that wrote the commit.
    version: u32,
    #[serde(flatten)]
    position: Position,
}

/// An open index.
pub(crate) struct OpenIndex {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    /// `None` before the first change, and after a failure, which discards everything written since the
    /// last commit.
    writer: Option<IndexWriter>,
    writer_memory: usize,
}

impl OpenIndex {
    /// Opens the index in a folder and verifies every byte. The error completes "it is rebuilt because …".
    pub(crate) fn open(folder: &Path, writer_memory: usize) -> Result<(Self, Snapshot), String> {
        let damaged = |error: TantivyError| format!("it is damaged: {error}");
        if !folder.join("meta.json").exists() {
            return Err("it is missing".to_owned());
        }
        let index = Index::open_in_dir(folder).map_err(damaged)?;
        let payload = index.load_metas().map_err(damaged)?.payload;
        let payload: Payload = payload
            .and_then(|payload| serde_json::from_str(&payload).ok())
            .ok_or("it is damaged: its last commit does not say what it holds")?;
        let (schema, _) = schema::schema();
        if payload.version != VERSION || index.schema() != schema {
            return Err(format!("it has schema version {}, this program needs {VERSION}", payload.version));
        }
        let wrong = index.validate_checksum().map_err(damaged)?;
        if let Some(file) = wrong.iter().min() {
            return Err(format!("it is damaged: {} has a wrong checksum", file.display()));
        }
        let open = Self::new(index, writer_memory).map_err(damaged)?;
        let snapshot = open.snapshot(payload.position).map_err(damaged)?;
        Ok((open, snapshot))
    }

    /// Creates an index in a folder, in place of another one. Until its first commit it counts as damaged.
    pub(crate) fn create(folder: &Path, writer_memory: usize) -> tantivy::Result<Self> {
        clear(folder)?;
        let (schema, _) = schema::schema();
        Self::new(Index::create_in_dir(folder, schema)?, writer_memory)
    }

    fn new(index: Index, writer_memory: usize) -> tantivy::Result<Self> {
        index.tokenizers().register(tokenizer::TERMS, tokenizer::analyzer());
        index.tokenizers().register(tokenizer::DICTIONARY, tokenizer::dictionary_analyzer());
        // Reloads only on demand: a snapshot belongs to its position.
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let (_, fields) = schema::schema();
        Ok(Self { index, reader, fields, writer: None, writer_memory })
    }

    fn snapshot(&self, position: Position) -> tantivy::Result<Snapshot> {
        self.reader.reload()?;
        Snapshot::new(self.reader.searcher(), self.fields, position)
    }

    /// Writes changes for the next commit.
    pub(crate) fn write(&mut self, changes: &Changes) -> tantivy::Result<()> {
        let fields = self.fields;
        self.with_writer(|writer| {
            for id in changes.written.iter().map(|spell| spell.id).chain(changes.deleted.iter().copied()) {
                writer.delete_term(Term::from_field_u64(fields.id, id.0));
            }
            for spell in &changes.written {
                writer.add_document(schema::document(&fields, spell))?;
            }
            Ok(())
        })
    }

    /// Commits the changes durably, and returns a snapshot that includes them.
    pub(crate) fn commit(&mut self, position: Position) -> tantivy::Result<Snapshot> {
        let payload = Payload { version: VERSION, position: position.clone() };
        let payload = serde_json::to_string(&payload)
            .map_err(|error| TantivyError::InternalError(error.to_string()))?;
        self.with_writer(|writer| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()
        })?;
        self.snapshot(position)
    }

    fn with_writer<T>(
        &mut self,
        write: impl FnOnce(&mut IndexWriter) -> tantivy::Result<T>,
    ) -> tantivy::Result<T> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => new_writer(&self.index, self.writer_memory)?,
        };
        let written = write(&mut writer)?;
        self.writer = Some(writer);
        Ok(written)
    }

    /// Returns once no thread writes to the folder any more: running merges are finished, no new ones started.
    pub(crate) fn close(&mut self) -> tantivy::Result<()> {
        self.writer.take().map_or(Ok(()), |writer| {
            writer.set_merge_policy(Box::new(NoMergePolicy));
            writer.wait_merging_threads()
        })
    }
}

fn new_writer(index: &Index, memory: usize) -> tantivy::Result<IndexWriter> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(memory)
        .build();
    let writer = index.writer_with_options(options)?;
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(DELETED_SHARE);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}

/// Creates the folder if it is missing and removes the files of an index from it. Other files stay, and links are not
/// followed: a data folder may come from an untrusted archive.
fn clear(folder: &Path) -> io::Result<()> {
    if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(io::Error::other("it is a link to elsewhere: put a folder in its place"));
    }
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name().to_str().is_some_and(is_of_an_index) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Returns true if tantivy creates files of this name: `SEGMENT-ID.EXTENSION`, and a few fixed names.
fn is_of_an_index(name: &str) -> bool {
    let of_a_segment = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    matches!(name, "meta.json" | ".managed.json" | ".tantivy-meta.lock" | ".tantivy-writer.lock")
        || name.split_once('.').is_some_and(|(id, _)| of_a_segment(id))
}
