//! The threads on which plugins compute, apart from those that serve requests.

use std::io;

use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// A small runtime of its own. Its threads run at lower priority, so that a request that needs no
/// plugin is served first.
pub(crate) struct PluginThreads {
    /// Taken in `drop`: a runtime may not wait for its threads inside another one.
    runtime: Option<Runtime>,
}

impl PluginThreads {
    /// `turns` plugins' calls compute at a time for each plugin; one thread more than that leaves
    /// room for the others.
    pub(crate) fn start(turns: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(turns + 1)
            .thread_name("grimoire-plugin")
            .on_thread_start(lower_priority)
            .enable_time()
            .build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Starts work there. It is cancelled when the handle is dropped, at the plugin's next tick.
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

/// About a quarter of a normal thread's share when both want the processor. Where the system does
/// not allow it, plugins compete as equals.
fn lower_priority() {
    const LOW: u8 = 30;
    set_priority(ThreadPriority::Crossplatform(LOW.try_into().expect("below 100")));
}

/// Whatever else wants the processor goes first.
pub(crate) fn lowest_priority() {
    set_priority(ThreadPriority::Min);
}

fn set_priority(priority: ThreadPriority) {
    if let Err(error) = set_current_thread_priority(priority) {
        tracing::debug!(?error, "the priority of a thread stays as it is");
    }
}
