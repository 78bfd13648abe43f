//! The threads that work on the index, apart from those that serve requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thread_priority::{Error, ThreadPriority, set_current_thread_priority};
use tokio::sync::{mpsc, oneshot};

type Work = Box<dyn FnOnce() + Send>;

/// How a thread competes with those that serve requests. Where the system does not allow it, as an equal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// About a quarter of a normal thread's share when both want the processor.
    Low,
    /// Only what no other thread wants, on Linux; elsewhere as [`Pace::Low`].
    Spare,
}

/// A thread of low priority: requests come first, and what they miss of the index meanwhile is kept in
/// memory. Threads that are started from it, as tantivy does, have its priority on Linux. It ends once
/// this is dropped and its work is done; nobody waits for it.
pub(crate) struct CalmThread {
    work: mpsc::Sender<Work>,
}

impl CalmThread {
    pub(crate) fn start(name: &str, pace: Pace) -> io::Result<Self> {
        let (work, mut queue) = mpsc::channel::<Work>(1);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = pace.take() {
                tracing::debug!(?error, "the priority of a thread of the index stays as it is");
            }
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

impl Pace {
    /// Takes it for the thread that calls this.
    fn take(self) -> Result<(), Error> {
        match self {
            Self::Low => lower(),
            Self::Spare => spare(),
        }
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
