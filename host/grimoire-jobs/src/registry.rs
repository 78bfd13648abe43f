//! The kinds of jobs that a process knows.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;

use crate::context::JobContext;
use crate::job::{Job, Queue};
use crate::outcome::{Progress, Stop};

/// Kinds of jobs by name.
#[derive(Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Box<dyn AnyJob>>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    ///
    /// # Panics
    /// If another kind has the same name, which is a defect.
    #[must_use]
    pub fn with<J: Job>(mut self, job: J) -> Self {
        let before = self.kinds.insert(J::KIND, Box::new(job));
        assert!(before.is_none(), "two kinds of jobs are named {}", J::KIND);
        self
    }

    /// The queues of all kinds.
    pub fn queues(&self) -> BTreeSet<Queue> {
        self.kinds.values().map(|job| job.queue()).collect()
    }

    /// The kinds of a queue.
    pub fn kinds_of(&self, queue: Queue) -> BTreeSet<&'static str> {
        self.kinds.iter().filter(|(_, job)| job.queue() == queue).map(|(kind, _)| *kind).collect()
    }

    /// Runs one attempt of a job of any kind.
    pub(crate) async fn run(&self, context: &JobContext<'_>) -> Result<Progress, Stop> {
        let kind = &context.job().spec.kind;
        match self.kinds.get(kind.as_str()) {
            Some(job) => job.run(context).await,
            None => Err(Stop::Dead(format!("this version of Grimoire knows no jobs of kind `{kind}`"))),
        }
    }
}

/// A kind of job whose payload is still JSON.
trait AnyJob: Send + Sync {
    fn queue(&self) -> Queue;

    fn run<'a>(&'a self, context: &'a JobContext<'a>) -> BoxFuture<'a, Result<Progress, Stop>>;
}

impl<J: Job> AnyJob for J {
    fn queue(&self) -> Queue {
        J::QUEUE
    }

    fn run<'a>(&'a self, context: &'a JobContext<'a>) -> BoxFuture<'a, Result<Progress, Stop>> {
        Box::pin(async move {
            let payload = serde_json::from_value(context.job().spec.payload.clone()).map_err(|error| {
                Stop::Dead(format!("the payload of a `{}` job cannot be read: {error}", J::KIND))
            })?;
            Job::run(self, context, payload).await
        })
    }
}
