//! Which waiters a group of writes has to wake after its commit.

/// The effects of a group of writes so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Effects {
    /// True if anything was written: a group of refusals needs no commit.
    pub(crate) wrote: bool,
    /// True if a job was enqueued, retried, released or ended.
    pub(crate) jobs: bool,
    /// True if a job has a new event.
    pub(crate) events: bool,
}
