//! The threads that run plugins, separate from those that serve requests.

use std::io;

use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// A small separate runtime. Its threads have lower priority, so that requests without plugins are
/// served first.
pub(crate) struct PluginThreads {
    /// Taken in `drop`: a runtime must not wait for its threads inside another one.
    runtime: Option<Runtime>,
}

impl PluginThreads {
    /// `turns` calls of each plugin compute concurrently; one thread more than that leaves room for
    /// the others.
    pub(crate) fn start(turns: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(turns + 1)
            .thread_name("grimoire-plugin")
            .on_thread_start(lower_priority)
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

/// About a quarter of a normal thread's share under contention. If the system does not allow it,
/// plugins run at normal priority.
fn lower_priority() {
    const LOW: u8 = 30;
    set_priority(ThreadPriority::Crossplatform(LOW.try_into().expect("below 100")));
}

/// The lowest priority, which yields to everything else.
pub(crate) fn lowest_priority() {
    set_priority(ThreadPriority::Min);
}

fn set_priority(priority: ThreadPriority) {
    if let Err(error) = set_current_thread_priority(priority) {
        tracing::debug!(?error, "the priority of a thread stays as it is");
    }
}
