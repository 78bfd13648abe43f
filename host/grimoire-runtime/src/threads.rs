//! The threads that run plugins, separate from those that serve requests.

use std::io;

use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// Work of plugins, by how soon somebody waits for it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// Calls of matchers and embedders, which last milliseconds.
    Calls,
    /// Scans of analyzers, which last as long as their artifact.
    Scans,
}

/// A small separate runtime. Its threads have lower priority, so that requests without plugins are
/// served first, and calls before scans.
pub(crate) struct PluginThreads {
    /// Taken in `drop`: a runtime must not wait for its threads inside another one.
    runtime: Option<Runtime>,
}

impl PluginThreads {
    /// `turns` calls of each plugin compute concurrently; one thread more than that leaves room for
    /// the others.
    pub(crate) fn start(work: Work, turns: usize) -> io::Result<Self> {
        let (name, priority) = match work {
            Work::Calls => ("grimoire-calls", CALLS),
            Work::Scans => ("grimoire-scans", SCANS),
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(turns + 1)
            .thread_name(name)
            .on_thread_start(move || set_priority(cross_platform(priority)))
            .enable_time()
            .build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Spawns work on these threads. It is cancelled when the handle is dropped, at the plugin's next tick.
    pub(crate) fn spawn<F>(&self, work: F) -> AbortOnDropHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        AbortOnDropHandle::new(self.handle().spawn(work))
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.runtime.as_ref().expect("present until dropped").handle()
    }
}

impl Drop for PluginThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// On Linux a niceness of 3: about half of a normal thread's share of a busy processor.
const CALLS: u8 = 40;

/// On Linux a niceness of 10: about a ninth of a normal thread's share, and a fifth of a call's.
const SCANS: u8 = 23;

fn cross_platform(priority: u8) -> ThreadPriority {
    ThreadPriority::Crossplatform(priority.try_into().expect("below 100"))
}

/// The lowest priority, which yields to everything else.
pub(crate) fn lowest_priority() {
    set_priority(ThreadPriority::Min);
}

/// If the system does not allow it, the thread runs at normal priority.
fn set_priority(priority: ThreadPriority) {
    if let Err(error) = set_current_thread_priority(priority) {
        tracing::debug!(?error, "the priority of a thread stays as it is");
    }
}
