//! Tracks open connections: their number, which are busy, and which have been idle for too long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All open connections. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, (watch::Receiver<Activity>, CancellationToken)>,
}

/// The activity of a connection.
#[derive(Debug, Clone, Copy)]
struct Activity {
    /// Number of requests whose head was read and whose response is not complete.
    requests: usize,
    /// The time since when there is no such request.
    idle_since: Instant,
    /// How long the connection may stay idle.
    patience: Duration,
}

/// An open connection. It counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    id: u64,
    all: Connections,
    activity: Arc<watch::Sender<Activity>>,
    evicted: CancellationToken,
}

/// A request in progress: its connection is busy until this is dropped.
#[derive(Debug)]
pub(crate) struct Busy {
    activity: Arc<watch::Sender<Activity>>,
    patience: Duration,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a newly accepted connection, which must send the head of its first request within `patience`.
    pub(crate) fn open(&self, patience: Duration) -> Connection {
        let activity = Activity { requests: 0, idle_since: Instant::now(), patience };
        let (activity, watched) = watch::channel(activity);
        let evicted = CancellationToken::new();
        let mut open = self.lock();
        let id = open.next;
        open.next += 1;
        open.connections.insert(id, (watched, evicted.clone()));
        Connection { id, all: self.clone(), activity: Arc::new(activity), evicted }
    }

    /// Number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.lock().connections.len()
    }

    /// Closes the connection that has been idle longest; returns false if all are busy.
    pub(crate) fn evict_oldest_idle(&self) -> bool {
        let mut open = self.lock();
        let idle = open.connections.iter().filter_map(|(id, (activity, _))| {
            let activity = activity.borrow();
            (activity.requests == 0).then_some((activity.idle_since, *id))
        });
        let Some((_, id)) = idle.min() else { return false };
        if let Some((_, evicted)) = open.connections.remove(&id) {
            evicted.cancel();
        }
        true
    }
}

impl Connection {
    /// Marks the connection as busy. Once idle again, it may stay idle for `patience`.
    pub(crate) fn begin(&self, patience: Duration) -> Busy {
        self.activity.send_modify(|activity| activity.requests += 1);
        Busy { activity: Arc::clone(&self.activity), patience }
    }

    /// Returns once the connection has been idle for too long, or must make room for another one.
    pub(crate) async fn expired(&self) {
        let mut changes = self.activity.subscribe();
        let idle_for_too_long = async {
            loop {
                let now = *changes.borrow_and_update();
                let changed = changes.changed();
                if now.requests > 0 {
                    let _ = changed.await;
                } else if tokio::time::timeout_at(now.idle_since + now.patience, changed).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = idle_for_too_long => {}
            () = self.evicted.cancelled() => {}
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.lock().connections.remove(&self.id);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.activity.send_modify(|activity| {
            activity.requests -= 1;
            activity.idle_since = Instant::now();
            activity.patience = self.patience;
        });
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn the_oldest_idle_connection_makes_room_and_a_busy_one_never() {
        let connections = Connections::default();
        let busy = connections.open(LONG);
        let request = busy.begin(LONG);
        let (older, newer) = (connections.open(LONG), connections.open(LONG));
        drop(newer.begin(LONG));
        assert!(connections.evict_oldest_idle());
        older.expired().await;
        assert!(newer.expired().now_or_never().is_none());
        assert!(connections.evict_oldest_idle());
        newer.expired().await;
        assert!(!connections.evict_oldest_idle(), "the last one is busy");
        drop(request);
        assert!(connections.evict_oldest_idle());
        drop((busy, older, newer));
        assert_eq!(connections.count(), 0);
    }

    #[tokio::test]
    async fn time_runs_while_a_connection_is_idle_and_only_then() {
        let connections = Connections::default();
        connections.open(Duration::ZERO).expired().await;
        let connection = connections.open(Duration::ZERO);
        let requests = [connection.begin(LONG), connection.begin(Duration::ZERO)];
        assert!(connection.expired().now_or_never().is_none(), "it is busy");
        let [first, last] = requests;
        drop(first);
        assert!(connection.expired().now_or_never().is_none(), "it still is");
        drop(last);
        connection.expired().await;
    }
}
