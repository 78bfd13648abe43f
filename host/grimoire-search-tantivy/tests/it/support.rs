//! Spells, diagnostics and a store that can be held, broken and reset.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{
    Revision, Sequence, Spell, SpellChange, SpellFields, SpellId, ValidSpell, parse_tags,
};
use grimoire_ports::PortError;
use grimoire_ports::fakes::MemoryStore;
use grimoire_ports::follower::{FollowerState, Pace};
use grimoire_ports::search::{Hit, SpellSearch};
use grimoire_ports::store::{ImportSummary, SpellFilter, SpellStore, Stamp, Written};
use grimoire_search_tantivy::{Options, TantivySearch};
use tokio::sync::watch;

/// Longer than anything takes on a busy machine; only failing tests wait that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The behaviour of a [`TestStore`] towards the follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// It returns the change log.
    Open,
    /// It waits until the behaviour changes.
    Held,
    /// It returns an error.
    Broken,
}

/// A store with a chosen id, whose change log can be held and broken.
#[derive(Clone)]
pub(crate) struct TestStore {
    pub(crate) memory: MemoryStore,
    id: String,
    log: watch::Sender<Log>,
}

impl TestStore {
    pub(crate) fn new(id: &str) -> Self {
        Self { memory: MemoryStore::new(), id: id.to_owned(), log: watch::Sender::new(Log::Open) }
    }

    pub(crate) fn set(&self, log: Log) {
        self.log.send_replace(log);
    }

    pub(crate) async fn write(&self, fields: SpellFields) -> (SpellId, Sequence) {
        let written = self.create_spell(valid(fields), stamp()).await.expect("created");
        (written.value.id, written.sequence)
    }

    pub(crate) async fn rewrite(&self, id: SpellId, fields: SpellFields) -> Sequence {
        self.update_spell(id, valid(fields), None, stamp()).await.expect("updated").sequence
    }

    pub(crate) async fn remove(&self, id: SpellId) -> Sequence {
        self.delete_spell(id, None, stamp()).await.expect("deleted")
    }
}

#[async_trait]
impl SpellStore for TestStore {
    async fn create_spell(&self, fields: ValidSpell, stamp: Stamp) -> Result<Written<Spell>, PortError> {
        self.memory.create_spell(fields, stamp).await
    }

    async fn get_spell(&self, id: SpellId) -> Result<Spell, PortError> {
        self.memory.get_spell(id).await
    }

    async fn get_spells(&self, ids: &[SpellId]) -> Result<Vec<Spell>, PortError> {
        self.memory.get_spells(ids).await
    }

    async fn list_spells(&self, filter: &SpellFilter, page: PageRequest) -> Result<Page<Spell>, PortError> {
        self.memory.list_spells(filter, page).await
    }

    async fn update_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError> {
        self.memory.update_spell(id, fields, expected, stamp).await
    }

    async fn undelete_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError> {
        self.memory.undelete_spell(id, fields, stamp).await
    }

    async fn delete_spell(
        &self,
        id: SpellId,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Sequence, PortError> {
        self.memory.delete_spell(id, expected, stamp).await
    }

    async fn spell_revisions(&self, id: SpellId) -> Result<Vec<Revision>, PortError> {
        self.memory.spell_revisions(id).await
    }

    async fn import_spells(
        &self,
        batch: Vec<ValidSpell>,
        stamp: Stamp,
    ) -> Result<Written<ImportSummary>, PortError> {
        self.memory.import_spells(batch, stamp).await
    }

    async fn changes_after(&self, after: Sequence, limit: usize) -> Result<Vec<SpellChange>, PortError> {
        let mut log = self.log.subscribe();
        let log = *log.wait_for(|log| *log != Log::Held).await.expect("the store lives");
        // `open` asks for a single change, to compare histories; the follower asks for many.
        if log == Log::Broken && limit > 1 {
            return Err(PortError::new(ErrorKind::Unavailable, "the disk is on fire"));
        }
        self.memory.changes_after(after, limit).await
    }

    async fn last_sequence(&self) -> Result<Sequence, PortError> {
        self.memory.last_sequence().await
    }

    async fn wait_for_change(&self, after: Sequence) {
        self.memory.wait_for_change(after).await;
    }

    async fn store_id(&self) -> Result<String, PortError> {
        Ok(self.id.clone())
    }
}

/// A multi-threaded runtime.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// Frequent commits, and retries with short delays.
pub(crate) fn options() -> Options {
    let pace = Pace {
        commit_interval: Duration::from_millis(1),
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(20),
    };
    Options { pace, ..Options::default() }
}

pub(crate) async fn open(folder: &Path, store: &TestStore) -> TantivySearch {
    TantivySearch::open(folder, Arc::new(store.clone()), options()).await.expect("opened")
}

/// Waits until searches see all writes.
pub(crate) async fn settle(search: &TantivySearch, store: &TestStore) {
    let last = store.last_sequence().await.expect("read");
    search.wait_for(last, PATIENCE).await.expect("followed");
}

/// Waits until the index reaches a state.
pub(crate) async fn until(search: &TantivySearch, wanted: impl Fn(&FollowerState) -> bool) {
    let reached = async {
        while !wanted(&search.progress().state) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("the state is reached");
}

pub(crate) fn stamp() -> Stamp {
    Stamp { by: "test".to_owned(), at: jiff::Timestamp::UNIX_EPOCH }
}

pub(crate) fn valid(fields: SpellFields) -> ValidSpell {
    fields.validate().expect("valid fields")
}

/// A spell with the given title and dummy required fields.
pub(crate) fn spell(title: &str) -> SpellFields {
    SpellFields {
        title: title.to_owned(),
        description: "Why it happens.".to_owned(),
        error_type: "Failure".to_owned(),
        error_pattern: "text:what the tool prints".to_owned(),
        solution_code: "Do this.".to_owned(),
        ..SpellFields::default()
    }
}

/// A spell with all text fields.
pub(crate) fn full_spell(
    title: &str,
    error_type: &str,
    pattern: &str,
    description: &str,
    tags: &str,
) -> SpellFields {
    SpellFields {
        error_type: error_type.to_owned(),
        error_pattern: pattern.to_owned(),
        description: description.to_owned(),
        tags: parse_tags(tags),
        ..spell(title)
    }
}

pub(crate) fn diagnostic(error_type: &str, code: Option<&str>, message: &str, context: &str) -> Diagnostic {
    Diagnostic {
        tool: "tool".to_owned(),
        error_type: error_type.to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        context: context.to_owned(),
        ..Diagnostic::default()
    }
}

/// The candidates for a message.
pub(crate) async fn candidates(search: &TantivySearch, message: &str) -> Vec<Hit> {
    let diagnostic = diagnostic("", None, message, "");
    search.candidates(&diagnostic, 64).await.expect("answered").hits
}

/// All hits of a typed query.
pub(crate) async fn found(search: &TantivySearch, query: &str) -> Vec<Hit> {
    let page = PageRequest::new(0, PageRequest::MAXIMUM_LIMIT).expect("a page");
    search.search(query, page).await.expect("answered").hits.items
}

pub(crate) fn ids(hits: &[Hit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.spell.0).collect()
}
