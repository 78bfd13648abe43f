//! What a plugin makes of every active spell, a vector or a prepared form: kept up to date by the change log, in memory
//! and in a file, for as long as the plugin and its configuration stay the same.

mod derived;
mod saved;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::{Spell, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::derived_file::DerivedFile;
use grimoire_ports::follower::{Follower, Pace, Progress};
use grimoire_ports::plugins::{PluginError, PluginSet};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::Ports;
use derived::DerivedProducts;
pub(crate) use saved::InputDigest;

/// A plugin that makes something of every spell.
#[async_trait]
pub(crate) trait Maker: Clone + Send + Sync + 'static {
    /// The name of the products, for the log.
    const NAME: &'static str;
    /// Number of spells that the plugin gets at once.
    const BATCH: usize;

    /// What identifies the kind of the products: those of another form are useless.
    type Form: Clone + PartialEq + Send + Sync + 'static;
    /// What is made of one spell.
    type Product: Clone + Send + Sync + 'static;
    /// What the plugin gets of a spell.
    type Input: Clone + Send + Sync + 'static;
    /// The products in memory.
    type Table: Table<Product = Self::Product>;

    /// The name of the plugin.
    fn plugin(&self) -> &str;

    /// The form of what the plugin of this set makes; `None` if the set has no such plugin.
    fn form(&self, set: &dyn PluginSet) -> Option<Self::Form>;

    /// Maximum number of products. Nothing is made of further spells.
    fn most(&self) -> usize;

    /// True if there is no use in waiting for another set.
    fn is_ready(&self, set: &dyn PluginSet) -> bool;

    /// A text that is the same for the same form only.
    fn name_of(form: &Self::Form) -> String;

    fn empty_table(form: &Self::Form) -> Self::Table;

    /// What the plugin gets of a spell, and its digest.
    fn input(&self, spell: Spell) -> (InputDigest, Self::Input);

    /// Makes one product for each input, in their order.
    async fn make(
        &self,
        set: &dyn PluginSet,
        inputs: Vec<Self::Input>,
    ) -> Result<Vec<Self::Product>, PluginError>;

    fn to_bytes(product: &Self::Product) -> Cow<'_, [u8]>;

    /// The product with these bytes, if it has the form.
    fn from_bytes(form: &Self::Form, bytes: &[u8]) -> Option<Self::Product>;
}

/// Products by spell. Cheap to clone.
pub(crate) trait Table: Clone + Send + Sync + 'static {
    type Product;

    fn get(&self, spell: SpellId) -> Option<(Row, Self::Product)>;

    /// Returns true if the spell has a product; copies nothing.
    fn has(&self, spell: SpellId) -> bool;

    fn rows(&self) -> impl Iterator<Item = (Row, Self::Product)>;

    /// Adds or replaces the product of a spell.
    fn put(&mut self, row: Row, product: Self::Product);

    /// Removes the product of a spell, if it has one.
    fn remove(&mut self, spell: SpellId);
}

/// A spell with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) spell: SpellId,
    /// The revision that it was made of.
    pub(crate) revision: u64,
    /// The digest of what the plugin got of it.
    pub(crate) input: InputDigest,
}

/// The products at one point of the change log, with the plugin that made them: while another one is taking its place,
/// these remain in use.
pub(crate) struct Made<M: Maker> {
    pub(crate) set: Arc<dyn PluginSet>,
    pub(crate) form: M::Form,
    pub(crate) table: Arc<M::Table>,
    /// Number of active spells without a product: the plugin could make nothing of them, or there are enough.
    pub(crate) missing: usize,
    /// The last failure of the plugin.
    pub(crate) last_problem: Option<PluginProblem>,
}

impl<M: Maker> Clone for Made<M> {
    fn clone(&self) -> Self {
        Self {
            set: Arc::clone(&self.set),
            form: self.form.clone(),
            table: Arc::clone(&self.table),
            missing: self.missing,
            last_problem: self.last_problem.clone(),
        }
    }
}

/// `None` before the first.
type Published<M> = Arc<RwLock<Option<Arc<Made<M>>>>>;

/// The products of one plugin, and the follower that updates them.
pub(crate) struct ProductBook<M: Maker> {
    maker: M,
    file: Option<Arc<dyn DerivedFile>>,
    published: Published<M>,
    progress: watch::Sender<Progress>,
    /// True while a task keeps the products up to date.
    followed: AtomicBool,
    /// Locked while reading new changes.
    follower: Mutex<Follower<DerivedProducts<M>>>,
}

impl<M: Maker> ProductBook<M> {
    /// No products yet. They are kept in the file, if there is one.
    pub(crate) fn new(ports: &Ports, maker: M, file: Option<Arc<dyn DerivedFile>>) -> Self {
        let published = Published::default();
        let derived = DerivedProducts::new(ports, maker.clone(), file.clone(), Arc::clone(&published));
        let follower = Follower::new(ports.store.clone(), derived, Pace::default());
        let progress = watch::Sender::new(follower.progress().borrow().clone());
        Self {
            maker,
            file,
            published,
            progress,
            followed: AtomicBool::new(false),
            follower: Mutex::new(follower),
        }
    }

    pub(crate) fn plugin(&self) -> &str {
        self.maker.plugin()
    }

    pub(crate) fn is_followed(&self) -> bool {
        self.followed.load(Ordering::Acquire)
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(crate) fn current(&self) -> Option<Arc<Made<M>>> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The products for a judge with these plugins. Where they have the same plugin, they replace the set that made
    /// the products, whose other plugins may be outdated and need memory.
    pub(crate) fn current_for(&self, plugins: &Arc<dyn PluginSet>) -> Option<Arc<Made<M>>> {
        let current = self.current()?;
        let is_newer = plugins.generation() > current.set.generation();
        if !is_newer || self.maker.form(&**plugins).as_ref() != Some(&current.form) {
            return Some(current);
        }
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        let renewed = Arc::new(Made { set: Arc::clone(plugins), ..(**published.as_ref()?).clone() });
        if renewed.form == current.form {
            *published = Some(renewed);
        }
        published.clone()
    }

    /// Brings the products up to date.
    pub(crate) async fn catch_up(&self) -> Result<(), PortError> {
        let mut follower = self.follower.lock().await;
        follower.catch_up().await
    }

    /// Keeps the products up to date until `shutdown`, once there is something to follow with.
    pub(crate) async fn follow(&self, ports: &Ports, shutdown: CancellationToken) {
        self.followed.store(true, Ordering::Release);
        let mut sets = ports.plugins.changes();
        while !self.maker.is_ready(&*ports.plugins.current()) {
            tokio::select! {
                changed = sets.changed() => if changed.is_err() { return },
                () = shutdown.cancelled() => return,
            }
        }
        let derived =
            DerivedProducts::new(ports, self.maker.clone(), self.file.clone(), Arc::clone(&self.published));
        let follower = Follower::new(ports.store.clone(), derived, Pace::default());
        let mut progress = follower.progress();
        let (stop, stopped) = watch::channel(false);
        let reported = async {
            loop {
                let now = progress.borrow_and_update().clone();
                self.progress.send_replace(now);
                if progress.changed().await.is_err() {
                    return std::future::pending::<()>().await;
                }
            }
        };
        let stopping = async {
            shutdown.cancelled().await;
            stop.send_replace(true);
            std::future::pending::<()>().await;
        };
        let derived = tokio::select! {
            derived = follower.run(stopped) => derived,
            () = reported => return,
            () = stopping => return,
        };
        derived.save_rest().await;
    }
}
