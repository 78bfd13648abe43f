//! Products as derived data of a change-log follower.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::{Spell, SpellId, SpellStatus};
use grimoire_ports::PortError;
use grimoire_ports::derived_file::DerivedFile;
use grimoire_ports::follower::{Changes, Derived, Position};
use grimoire_ports::plugins::{PluginError, PluginSet, Plugins};
use tokio::time::Instant;

use super::saved::{self, InputDigest};
use super::{Made, Maker, Published, Row, Table as _};
use crate::Ports;

/// Minimum time between two writes of the file, which contains all products.
const SAVING: Duration = Duration::from_secs(60);

/// Products by what they were made of.
type Known<P> = HashMap<InputDigest, P>;

/// The products, and those of the changes that are not yet published.
pub(super) struct DerivedProducts<M: Maker> {
    maker: M,
    plugins: Arc<dyn Plugins>,
    file: Option<Arc<dyn DerivedFile>>,
    published: Published<M>,
    position: Result<Position, String>,
    /// The plugin at work, once there is one.
    source: Option<Source<M>>,
    /// Changes since the last commit; active spells with their products.
    changed: BTreeMap<SpellId, Option<(Row, M::Product)>>,
    /// Number of spells with a product, those of `changed` included.
    count: usize,
    /// Active spells of which nothing was made because there are enough products.
    left_out: BTreeSet<SpellId>,
    /// Products of the file, until the first commit.
    known: Known<M::Product>,
    /// Spells of which the plugin could make nothing, and the last such failure.
    failed: BTreeSet<SpellId>,
    last_problem: Option<PluginProblem>,
    /// True if there are products that the file lacks.
    unsaved: bool,
    saved_at: Option<Instant>,
}

/// A plugin with its products.
struct Source<M: Maker> {
    set: Arc<dyn PluginSet>,
    form: M::Form,
    table: M::Table,
}

impl<M: Maker> DerivedProducts<M> {
    pub(super) fn new(
        ports: &Ports,
        maker: M,
        file: Option<Arc<dyn DerivedFile>>,
        published: Published<M>,
    ) -> Self {
        Self {
            maker,
            plugins: ports.plugins.clone(),
            file,
            published,
            position: Err("they were not read yet".to_owned()),
            source: None,
            changed: BTreeMap::new(),
            count: 0,
            left_out: BTreeSet::new(),
            known: Known::new(),
            failed: BTreeSet::new(),
            last_problem: None,
            unsaved: false,
            saved_at: None,
        }
    }

    /// The current plugins and the form of what theirs makes.
    fn present(&self) -> Option<(Arc<dyn PluginSet>, M::Form)> {
        let set = self.plugins.current();
        let form = self.maker.form(&*set)?;
        Some((set, form))
    }

    /// True if the products are those of the plugin that runs now. One that is missing for a while changes nothing.
    fn is_current(&self) -> bool {
        match (&self.source, self.present()) {
            (Some(source), Some((_, form))) => source.form == form,
            (_, None) => true,
            (None, Some(_)) => false,
        }
    }

    /// What was made of the same input before.
    fn known(&self, spell: SpellId, input: InputDigest) -> Option<M::Product> {
        let table = &self.source.as_ref()?.table;
        let before = table.get(spell).filter(|(row, _)| row.input == input);
        before.map(|(_, product)| product).or_else(|| self.known.get(&input).cloned())
    }

    /// Has the plugin make products. Where a batch fails, its inputs are tried one by one, so that one that the plugin
    /// cannot read does not keep the others from having theirs. Fails if the plugin is busy, and as long as it has made
    /// nothing of any spell: then it will be asked again.
    async fn make(
        &self,
        set: &dyn PluginSet,
        inputs: Vec<M::Input>,
    ) -> Result<Vec<Result<M::Product, PluginProblem>>, PortError> {
        let error = match self.maker.make(set, inputs.clone()).await {
            Ok(products) => return Ok(products.into_iter().map(Ok).collect()),
            Err(error) => error,
        };
        let failed = |error: &PluginError| PortError::new(error.kind(), error.to_string());
        if is_of_the_host(&error) {
            return Err(failed(&error));
        }
        let mut products = Vec::with_capacity(inputs.len());
        if inputs.len() == 1 {
            products.push(Err(error.0.clone()));
        } else {
            for input in inputs {
                match self.maker.make(set, vec![input]).await {
                    Ok(one) => products.extend(one.into_iter().map(Ok)),
                    Err(error) if is_of_the_host(&error) => return Err(failed(&error)),
                    Err(error) => products.push(Err(error.0)),
                }
            }
        }
        if products.iter().all(Result::is_err) && !self.has_made_anything() {
            return Err(failed(&error));
        }
        for problem in products.iter().filter_map(|product| product.as_ref().err()) {
            let PluginProblem { plugin, reason, detail } = problem;
            tracing::warn!(data = M::NAME, plugin, %reason, detail, "nothing was made of a spell");
        }
        Ok(products)
    }

    /// True if there is a product of the present form.
    fn has_made_anything(&self) -> bool {
        let in_table = self.source.as_ref().is_some_and(|source| source.table.rows().next().is_some());
        in_table || !self.known.is_empty() || self.changed.values().any(Option::is_some)
    }

    /// Writes all products to the file, if there are new ones and the last write was some time ago.
    async fn save(&mut self, now: bool) {
        let recently = self.saved_at.is_some_and(|saved_at| saved_at.elapsed() < SAVING);
        let (Some(file), Some(source)) = (self.file.clone(), &self.source) else { return };
        if !self.unsaved || recently && !now {
            return;
        }
        let (form, table, known) = (M::name_of(&source.form), source.table.clone(), self.known.clone());
        let changed: Known<M::Product> =
            self.changed.values().flatten().map(|(row, product)| (row.input, product.clone())).collect();
        let written = tokio::task::spawn_blocking(move || {
            // Each input once: spells may have the same one.
            let mut products: Known<M::Product> =
                table.rows().map(|(row, product)| (row.input, product)).collect();
            products.extend(known);
            products.extend(changed);
            let entries = products.iter().map(|(input, product)| (*input, M::to_bytes(product)));
            file.replace(&saved::write(&form, entries))
        });
        match written.await.map_err(|error| PortError::internal("the writing thread ended", error)) {
            Ok(Ok(())) => self.unsaved = false,
            Ok(Err(error)) | Err(error) => {
                tracing::warn!(data = M::NAME, %error, "not saved: the next start makes them again");
            }
        }
        self.saved_at = Some(Instant::now());
    }

    /// Writes what is not yet in the file.
    pub(super) async fn save_rest(mut self) {
        self.save(true).await;
    }

    /// The products of the file, if they have this form.
    async fn load(&self, form: &M::Form) -> Known<M::Product> {
        let Some(file) = self.file.clone() else { return Known::new() };
        let form = form.clone();
        let loaded = tokio::task::spawn_blocking(move || {
            let Some(content) = file.read()? else { return Ok(Known::new()) };
            let read = saved::read(&content, &M::name_of(&form)).and_then(|entries| {
                let product =
                    |(input, bytes): (InputDigest, &[u8])| Some((input, M::from_bytes(&form, bytes)?));
                entries.into_iter().map(product).collect::<Option<_>>().ok_or("it is damaged")
            });
            Ok(read.unwrap_or_else(|reason| {
                tracing::info!(data = M::NAME, reason, "the saved file is not used");
                Known::new()
            }))
        });
        let loaded = loaded.await.map_err(|error| PortError::internal("the reading thread ended", error));
        loaded.and_then(|loaded| loaded).unwrap_or_else(|error: PortError| {
            tracing::warn!(data = M::NAME, %error, "the saved file cannot be read");
            Known::new()
        })
    }
}

#[async_trait]
impl<M: Maker> Derived for DerivedProducts<M> {
    const NAME: &'static str = M::NAME;

    fn position(&self) -> Result<Position, String> {
        let position = self.position.clone()?;
        if self.is_current() { Ok(position) } else { Err(format!("{} was replaced", self.maker.plugin())) }
    }

    fn discard(&mut self, reason: String) {
        self.position = Err(reason);
    }

    /// The published products stay in use until the first commit of the new ones.
    async fn restart(&mut self) -> Result<(), PortError> {
        let (set, form) = self.present().ok_or_else(|| {
            PortError::new(ErrorKind::Unavailable, format!("{} is not loaded", self.maker.plugin()))
        })?;
        self.position = Err("it was not finished".to_owned());
        match self.source.take().filter(|source| source.form == form) {
            Some(source) => {
                let changed = std::mem::take(&mut self.changed).into_values().flatten();
                let rows = source.table.rows().chain(changed);
                self.known.extend(rows.map(|(row, product)| (row.input, product)));
            }
            None => {
                self.known = self.load(&form).await;
                self.unsaved = false;
            }
        }
        self.changed.clear();
        self.count = 0;
        self.left_out.clear();
        self.failed.clear();
        self.last_problem = None;
        let table = M::empty_table(&form);
        self.source = Some(Source { set, form, table });
        Ok(())
    }

    async fn apply(&mut self, changes: Changes) -> Result<(), PortError> {
        // The same plugin in a newer set: the older one may go.
        let present = self.present();
        if let (Some(source), Some((newer, now))) = (&mut self.source, present)
            && source.form == now
        {
            source.set = newer;
        }
        let Some(set) = self.source.as_ref().map(|source| Arc::clone(&source.set)) else {
            return Err(PortError::internal(M::NAME, "changes came before a start"));
        };
        for spell in changes.deleted {
            self.remove(spell);
        }
        let mut missing: Vec<(Row, M::Input)> = Vec::new();
        for spell in changes.written {
            if spell.fields.status != SpellStatus::Active {
                self.remove(spell.id);
                continue;
            }
            if !self.has_product(spell.id) && self.count + missing.len() >= self.maker.most() {
                self.left_out.insert(spell.id);
                continue;
            }
            let (row, input) = self.row(spell);
            match self.known(row.spell, row.input) {
                Some(product) => self.change(row.spell, Some((row, product))),
                None => missing.push((row, input)),
            }
        }
        for batch in missing.chunks(M::BATCH) {
            let inputs = batch.iter().map(|(_, input)| input.clone()).collect();
            let products = self.make(&*set, inputs).await?;
            self.unsaved = true;
            for ((row, _), product) in batch.iter().zip(products) {
                if let Err(problem) = &product {
                    self.failed.insert(row.spell);
                    self.last_problem = Some(problem.clone());
                }
                self.change(row.spell, product.ok().map(|product| (*row, product)));
            }
            self.save(false).await;
        }
        Ok(())
    }

    async fn commit(&mut self, position: Position) -> Result<(), PortError> {
        let Some(source) = &mut self.source else {
            return Err(PortError::internal(M::NAME, "a commit came before a start"));
        };
        for (spell, product) in std::mem::take(&mut self.changed) {
            match product {
                Some((row, product)) => {
                    self.failed.remove(&spell);
                    source.table.put(row, product);
                }
                None => source.table.remove(spell),
            }
        }
        self.known = Known::new();
        let made = Made {
            set: Arc::clone(&source.set),
            form: source.form.clone(),
            table: Arc::new(source.table.clone()),
            missing: self.failed.len() + self.left_out.len(),
            last_problem: self.last_problem.clone(),
        };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(made));
        self.position = Ok(position);
        self.save(false).await;
        Ok(())
    }

    async fn failed(&self) {
        let mut sets = self.plugins.changes();
        while self.is_current() {
            if sets.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// True if the failure says nothing about the plugin and its input.
fn is_of_the_host(error: &PluginError) -> bool {
    matches!(error.0.reason, FailureReason::Busy | FailureReason::Refused)
}

impl<M: Maker> DerivedProducts<M> {
    fn remove(&mut self, spell: SpellId) {
        self.change(spell, None);
        self.failed.remove(&spell);
    }

    /// Notes the product that a spell has now.
    fn change(&mut self, spell: SpellId, product: Option<(Row, M::Product)>) {
        self.count -= usize::from(self.has_product(spell));
        self.count += usize::from(product.is_some());
        self.left_out.remove(&spell);
        self.changed.insert(spell, product);
    }

    fn has_product(&self, spell: SpellId) -> bool {
        let in_table = || self.source.as_ref().is_some_and(|source| source.table.has(spell));
        self.changed.get(&spell).map_or_else(in_table, Option::is_some)
    }

    fn row(&self, spell: Spell) -> (Row, M::Input) {
        let (id, revision) = (spell.id, spell.revision);
        let (digest, input) = self.maker.input(spell);
        (Row { spell: id, revision, input: digest }, input)
    }
}
