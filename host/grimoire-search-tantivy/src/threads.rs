//! The thread that works on the index, apart from those that serve requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::sync::{mpsc, oneshot};

type Work = Box<dyn FnOnce() + Send>;

/// A thread of low priority: requests come first, and what they miss of the index meanwhile is kept in
/// memory. Threads that are started from it, as tantivy does, have its priority on Linux. It ends once
/// this is dropped and its work is done; nobody waits for it.
pub(crate) struct CalmThread {
    work: mpsc::Sender<Work>,
}

impl CalmThread {
    pub(crate) fn start() -> io::Result<Self> {
        let (work, mut queue) = mpsc::channel::<Work>(1);
        std::thread::Builder::new().name("grimoire-index".to_owned()).spawn(move || {
            lower_priority();
            while let Some(work) = queue.blocking_recv() {
                work();
            }
        })?;
        Ok(Self { work })
    }

    /// Does work there. `None` when it panicked, which was reported where it happened.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let work = move || {
            // What a panic leaves behind is dropped here: nobody sees it half done.
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // An error means that nobody waits any more.
                let _ = answer.send(done);
            }
        };
        self.work.send(Box::new(work)).await.ok()?;
        answered.await.ok()
    }
}

/// About a quarter of a normal thread's share when both want the processor. Where the system does not
/// allow it, the index competes as an equal.
fn lower_priority() {
    const LOW: u8 = 30;
    if let Ok(priority) = LOW.try_into()
        && let Err(error) = set_current_thread_priority(ThreadPriority::Crossplatform(priority))
    {
        tracing::debug!(?error, "the priority of the index's thread stays as it is");
    }
}
