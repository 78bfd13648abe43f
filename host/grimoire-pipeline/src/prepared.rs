//! The spells in the form in which a matcher prepared them, so that it need not read their texts for every error.
//!
//! Only speed depends on it: a spell that is not prepared, or not yet, is passed as it is written. Only a service
//! prepares; a command ends before it would pay.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::Candidate;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::{Spell, SpellId};
use grimoire_ports::plugins::matcher::{Judgement, PreparedSpells};
use grimoire_ports::plugins::{PluginError, PluginSet};
use tokio_util::sync::CancellationToken;

use crate::judge::Judge;
use crate::products::{InputDigest, Maker, ProductBook, Row, Table};
use crate::{Pipeline, Ports, Settings};

/// What one matcher prepared.
pub(crate) type PreparedBook = ProductBook<Preparing>;

/// A matcher that may prepare spells.
#[derive(Clone)]
pub(crate) struct Preparing {
    matcher: String,
    most: usize,
}

#[async_trait]
impl Maker for Preparing {
    const NAME: &'static str = "prepared spells";
    const BATCH: usize = 32;

    type Form = String;
    type Product = Arc<[u8]>;
    type Input = Arc<Spell>;
    type Table = Forms;

    fn plugin(&self) -> &str {
        &self.matcher
    }

    fn form(&self, set: &dyn PluginSet) -> Option<String> {
        set.prepared_form(&self.matcher)
    }

    fn most(&self) -> usize {
        self.most
    }

    /// Many matchers prepare nothing. A later one of the name may.
    fn is_ready(&self, set: &dyn PluginSet) -> bool {
        self.form(set).is_some()
    }

    fn name_of(form: &String) -> String {
        form.clone()
    }

    fn empty_table(_: &String) -> Forms {
        Forms::default()
    }

    /// Everything that a matcher gets of a spell. The key and the samples are not part of it.
    fn input(&self, spell: Spell) -> (InputDigest, Arc<Spell>) {
        let fields = &spell.fields;
        let texts = (&fields.title, &fields.description, &fields.error_pattern, &fields.solution_code);
        let words = (&fields.error_type, fields.covers_code, &fields.tags);
        let facts = (fields.status, fields.source, &fields.scope, fields.confidence);
        let content = serde_json::to_vec(&(spell.id, texts, words, facts)).expect("texts and numbers");
        (InputDigest::of(&content), Arc::new(spell))
    }

    async fn make(
        &self,
        set: &dyn PluginSet,
        spells: Vec<Arc<Spell>>,
    ) -> Result<Vec<Arc<[u8]>>, PluginError> {
        set.prepare_spells(&self.matcher, spells).await
    }

    fn to_bytes(product: &Arc<[u8]>) -> Cow<'_, [u8]> {
        Cow::Borrowed(product)
    }

    fn from_bytes(_: &String, bytes: &[u8]) -> Option<Arc<[u8]>> {
        Some(bytes.into())
    }
}

/// Prepared forms by spell. An empty one says that the matcher wants the spell as it is written.
#[derive(Clone, Default)]
pub(crate) struct Forms {
    of: HashMap<SpellId, (Row, Arc<[u8]>)>,
    bytes: usize,
}

impl Table for Forms {
    type Product = Arc<[u8]>;

    fn get(&self, spell: SpellId) -> Option<(Row, Arc<[u8]>)> {
        self.of.get(&spell).cloned()
    }

    fn has(&self, spell: SpellId) -> bool {
        self.of.contains_key(&spell)
    }

    fn rows(&self) -> impl Iterator<Item = (Row, Arc<[u8]>)> {
        self.of.values().cloned()
    }

    fn put(&mut self, row: Row, form: Arc<[u8]>) {
        self.remove(row.spell);
        self.bytes += form.len();
        self.of.insert(row.spell, (row, form));
    }

    fn remove(&mut self, spell: SpellId) {
        if let Some((_, form)) = self.of.remove(&spell) {
            self.bytes -= form.len();
        }
    }
}

/// How far the preparation of spells by a matcher is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preparation {
    /// Number of active spells that it gets prepared.
    pub spells: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Number of active spells that it gets as they are written, because it could not prepare them or because enough
    /// are prepared.
    pub missing: u64,
    /// Its last failure to prepare a spell.
    pub last_problem: Option<PluginProblem>,
}

/// The books of the matchers in use.
pub(crate) fn books(ports: &Ports, settings: &Settings) -> HashMap<String, PreparedBook> {
    let book = |matcher: &str| {
        let file = ports.derived_files.as_ref().map(|files| files.file(&format!("prepared-{matcher}")));
        ProductBook::new(
            ports,
            Preparing { matcher: matcher.to_owned(), most: settings.prepared_spells },
            file,
        )
    };
    settings.matchers().map(|matcher| (matcher.to_owned(), book(matcher))).collect()
}

impl Pipeline {
    /// Keeps all spells prepared for the matchers until `shutdown`. For a service.
    pub async fn follow_spells_with_matchers(&self, shutdown: CancellationToken) {
        join_all(self.prepared_books().values().map(|book| book.follow(self.ports(), shutdown.clone())))
            .await;
    }

    /// How far the preparation for a matcher is; `None` if the one that runs prepares nothing, or before the first.
    pub(crate) fn preparation(&self, matcher: &str) -> Option<Preparation> {
        let form = self.plugins().current().prepared_form(matcher)?;
        let made = self.prepared_books().get(matcher)?.current().filter(|made| made.form == form)?;
        let written = made.table.of.values().filter(|(_, form)| form.is_empty()).count();
        Some(Preparation {
            spells: (made.table.of.len() - written) as u64,
            bytes: made.table.bytes as u64,
            missing: made.missing as u64,
            last_problem: made.last_problem.clone(),
        })
    }
}

impl Judge {
    /// Lets a matcher judge the candidates. It gets what it prepared of them, as far as that is up to date.
    pub(crate) async fn ask(
        &self,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Judgement, PluginError> {
        let prepared = self.prepared(matcher, candidates).unwrap_or_default();
        self.plugins.score_prepared(matcher, diagnostic, candidates, &prepared).await
    }

    fn prepared(&self, matcher: &str, candidates: &[Candidate]) -> Option<PreparedSpells> {
        let form = self.plugins.prepared_form(matcher)?;
        let made = self.pipeline.prepared_books().get(matcher)?.current_for(&self.plugins)?;
        if made.form != form {
            return None;
        }
        let prepared = candidates.iter().filter_map(|candidate| {
            let (row, form) = made.table.of.get(&candidate.spell.id)?;
            let is_of_it = row.revision == candidate.spell.revision && !form.is_empty();
            is_of_it.then(|| (candidate.spell.id, Arc::clone(form)))
        });
        Some(prepared.collect())
    }
}
