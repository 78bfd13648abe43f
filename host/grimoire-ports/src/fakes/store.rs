//! A store in memory: the model that every other store is compared with. It is written to be
//! obviously right rather than fast: lists and claims scan everything.

mod deliveries;
mod job_record;
mod jobs;
mod plugins;
mod reviews;
mod spells;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::installed_plugin::{InstalledPlugin, PluginReceipt};
use grimoire_domain::job::JobId;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::publication::{Channel, Publication};
use grimoire_domain::repository::PullRequestId;
use grimoire_domain::review::{Review, ReviewKey};
use grimoire_domain::spell::{Sequence, SpellChange, SpellId};
use tokio::sync::{Notify, watch};

use self::job_record::JobRecord;
use self::spells::SpellRecord;
use crate::PortError;
use crate::clock::{Clock, SystemClock};
use crate::store::Store;

/// A complete [`Store`] in memory. Clones share the content.
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    id: String,
    clock: Arc<dyn Clock>,
    content: Mutex<Content>,
    sequence: watch::Sender<Sequence>,
    jobs: Notify,
    events: Notify,
    trouble: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Content {
    spells: BTreeMap<SpellId, SpellRecord>,
    changes: Vec<SpellChange>,
    /// With the number of each arrival.
    deliveries: BTreeMap<DeliveryId, (u64, Delivery)>,
    jobs: BTreeMap<JobId, JobRecord>,
    /// Each with the number of its last write.
    reviews: BTreeMap<ReviewKey, (u64, Review)>,
    review_writes: u64,
    /// The spells that each pull request was ever offered.
    offered: BTreeSet<(PullRequestId, SpellId)>,
    outbox: BTreeMap<(ReviewKey, Channel), Publication>,
    plugins: BTreeMap<String, InstalledPlugin>,
    /// Keyed by plugin and digest.
    components: BTreeMap<(String, String), Vec<u8>>,
    receipts: Vec<PluginReceipt>,
}

impl MemoryStore {
    /// An empty store with a new id, whose leases follow the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// An empty store with a new id, whose leases follow this clock.
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        static STORES: AtomicU64 = AtomicU64::new(1);
        Self(Arc::new(Inner {
            id: format!("memory-{}", STORES.fetch_add(1, Ordering::Relaxed)),
            clock: Arc::new(clock),
            content: Mutex::default(),
            sequence: watch::Sender::default(),
            jobs: Notify::new(),
            events: Notify::new(),
            trouble: Mutex::new(None),
        }))
    }

    /// Makes [`Store::check_writes`] fail with this reason; `None` ends that.
    pub fn set_trouble(&self, reason: Option<&str>) {
        *super::lock(&self.0.trouble) = reason.map(str::to_owned);
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        super::lock(&self.0.content)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryStore").field("id", &self.0.id).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for MemoryStore {
    /// Does nothing: the store stays open.
    async fn close(&self) -> Result<(), PortError> {
        Ok(())
    }

    async fn check_writes(&self) -> Result<(), PortError> {
        match super::lock(&self.0.trouble).as_ref() {
            Some(trouble) => Err(PortError::new(ErrorKind::Unavailable, trouble.clone())),
            None => Ok(()),
        }
    }

    /// Writes only the store's id: nothing can be restored from the file.
    async fn back_up(&self, file: &Path) -> Result<(), PortError> {
        std::fs::write(file, &self.0.id)
            .map_err(|error| PortError::internal("the backup cannot be written", error))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Cuts a page out of a whole list.
pub(super) fn page_of<T>(all: Vec<T>, page: PageRequest) -> Page<T> {
    let total = all.len() as u64;
    let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
    Page { items: all.into_iter().skip(skip).take(page.limit() as usize).collect(), total }
}
