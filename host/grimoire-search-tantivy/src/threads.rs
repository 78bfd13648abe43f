//! The threads that work on the index, apart from those that serve requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thread_priority::{Error, ThreadPriority, set_current_thread_priority};
use tokio::sync::{mpsc, oneshot};

type Work = Box<dyn FnOnce() + Send>;

/// How work on the index competes with requests. Where the system does not allow it, as an equal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// As an equal.
    Urgent,
    /// With about a quarter of a normal thread's share when both want the processor.
    Low,
    /// With what no other thread wants, on Linux; elsewhere as [`Pace::Low`].
    Spare,
}

/// The threads that work on the index at each pace: requests come first, and what they miss of the index
/// meanwhile is kept in memory.
pub(crate) struct IndexThreads {
    low: CalmThread,
    spare: CalmThread,
}

impl IndexThreads {
    pub(crate) fn start() -> io::Result<Self> {
        Ok(Self {
            low: CalmThread::start("grimoire-index", lower)?,
            spare: CalmThread::start("grimoire-words", spare)?,
        })
    }

    /// Does work that may block. `None` when it panicked, which was reported where it happened. Threads
    /// that are started from it, as tantivy does, have its pace on Linux.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        pace: Pace,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        match pace {
            Pace::Urgent => tokio::task::spawn_blocking(work).await.ok(),
            Pace::Low => self.low.run(work).await,
            Pace::Spare => self.spare.run(work).await,
        }
    }
}

/// A thread of low priority. It ends once this is dropped and its work is done; nobody waits for it.
struct CalmThread {
    work: mpsc::Sender<Work>,
}

impl CalmThread {
    /// Starts it; `calm` lowers its priority.
    fn start(name: &str, calm: fn() -> Result<(), Error>) -> io::Result<Self> {
        let (work, mut queue) = mpsc::channel::<Work>(1);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = calm() {
                tracing::debug!(?error, "the priority of a thread of the index stays as it is");
            }
            while let Some(work) = queue.blocking_recv() {
                work();
            }
        })?;
        Ok(Self { work })
    }

    /// Does work there. `None` when it panicked.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
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

fn lower() -> Result<(), Error> {
    const LOW: u8 = 30;
    set_current_thread_priority(ThreadPriority::Crossplatform(LOW.try_into().expect("below 100")))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn spare() -> Result<(), Error> {
    use thread_priority::unix::{
        NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };

    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn spare() -> Result<(), Error> {
    lower()
}
