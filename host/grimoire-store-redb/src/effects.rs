//! Which waiters a group of writes has to wake after its commit.

/// The effects of a group of writes so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Effects {
    /// Whether anything was written at all: a group of refusals needs no commit.
    pub(crate) wrote: bool,
    /// Whether a job was enqueued, retried, released or ended.
    pub(crate) jobs: bool,
    /// Whether a job has a new event.
    pub(crate) events: bool,
}
