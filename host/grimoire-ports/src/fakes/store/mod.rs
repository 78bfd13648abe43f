//! A store in memory: the model that every other store is compared with. It prefers being obviously
//! right to being fast: lists and claims look at everything.

mod deliveries;
mod jobs;
mod reviews;
mod spells;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::JobId;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::review::{Review, ReviewKey};
use grimoire_domain::spell::{Sequence, SpellChange, SpellId};
use tokio::sync::{Notify, watch};

use self::jobs::JobRecord;
use self::spells::SpellRecord;
use crate::PortError;
use crate::clock::{Clock, SystemClock};
use crate::store::Store;

/// A whole [`Store`] in memory. Clones share the content.
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    id: String,
    clock: Arc<dyn Clock>,
    content: Mutex<Content>,
    sequence: watch::Sender<Sequence>,
    jobs: Notify,
    events: Notify,
}

#[derive(Debug, Default)]
struct Content {
    spells: BTreeMap<SpellId, SpellRecord>,
    changes: Vec<SpellChange>,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    jobs: BTreeMap<JobId, JobRecord>,
    /// With the number of the write that put it there.
    reviews: BTreeMap<ReviewKey, (u64, Review)>,
    review_writes: u64,
}

impl MemoryStore {
    /// An empty store with an identity of its own, whose leases follow the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// An empty store with an identity of its own, whose leases follow this clock.
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        static STORES: AtomicU64 = AtomicU64::new(1);
        Self(Arc::new(Inner {
            id: format!("memory-{}", STORES.fetch_add(1, Ordering::Relaxed)),
            clock: Arc::new(clock),
            content: Mutex::default(),
            sequence: watch::Sender::default(),
            jobs: Notify::new(),
            events: Notify::new(),
        }))
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
    /// There is nothing to close: the store stays open.
    async fn close(&self) -> Result<(), PortError> {
        Ok(())
    }

    /// Writes its identity only: nothing can be restored from it.
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
