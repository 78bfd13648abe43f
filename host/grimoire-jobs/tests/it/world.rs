//! Two kinds of scripted jobs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use grimoire_domain::job::{Job as StoredJob, JobId, JobState, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_jobs::{
    Job, JobContext, Lane, Progress, Queue, Registry, Runner, RunnerSettings, Stop, Tick, events, new_job,
};
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock as _;
use grimoire_ports::fakes::{ManualClock, MemoryStore};
use grimoire_ports::store::JobStore as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const SLOW: Queue = Queue("slow");
pub(crate) const FAST: Queue = Queue("fast");

/// A job that ends immediately, in a scripted way.
pub(crate) struct Scripted(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    ends: VecDeque<End>,
    /// For each run: whether it was reported as the last attempt.
    last_attempts: Vec<bool>,
}

/// The end of a run of [`Scripted`].
pub(crate) enum End {
    Stop(Stop),
    Panic,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) dish: String,
}

impl Job for Scripted {
    const KIND: &'static str = "scripted";
    const QUEUE: Queue = FAST;
    type Payload = Order;

    fn lane(_: &Order) -> Option<Lane> {
        None
    }

    async fn run(&self, context: &JobContext<'_>, order: Order) -> Result<Progress, Stop> {
        let end = {
            let mut script = self.0.lock().expect("no test panics with the script locked");
            script.last_attempts.push(context.is_last_attempt());
            script.ends.pop_front()
        };
        match end {
            Some(End::Stop(stop)) => Err(stop),
            Some(End::Panic) => panic!("as the script says"),
            None => Ok(Progress::new("served", order.dish, json!({}))),
        }
    }
}

/// A job that runs until it is released.
pub(crate) struct Gated(Gate);

/// The other end of [`Gated`].
#[derive(Clone)]
pub(crate) struct Gate {
    started: Arc<Semaphore>,
    permits: Arc<Semaphore>,
}

impl Gate {
    /// Returns once one more job has started.
    pub(crate) async fn wait_until_started(&self) {
        self.started.acquire().await.expect("never closed").forget();
    }

    pub(crate) fn let_one_go(&self) {
        self.permits.add_permits(1);
    }
}

impl Job for Gated {
    const KIND: &'static str = "gated";
    const QUEUE: Queue = SLOW;
    type Payload = Order;

    fn lane(_: &Order) -> Option<Lane> {
        None
    }

    async fn run(&self, context: &JobContext<'_>, order: Order) -> Result<Progress, Stop> {
        self.0.started.add_permits(1);
        self.0.permits.acquire().await.expect("never closed").forget();
        context.checkpoint().await?;
        Ok(Progress::new("served", order.dish, json!({})))
    }
}

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) clock: ManualClock,
    pub(crate) gate: Gate,
    pub(crate) runner: Runner,
    script: Arc<Mutex<Script>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(RunnerSettings::default())
    }

    pub(crate) fn with(settings: RunnerSettings) -> Self {
        let clock = ManualClock::default();
        let store = MemoryStore::with_clock(clock.clone());
        let gate = Gate { started: Arc::new(Semaphore::new(0)), permits: Arc::new(Semaphore::new(0)) };
        let script = Arc::<Mutex<Script>>::default();
        let registry = Registry::new().with(Scripted(Arc::clone(&script))).with(Gated(gate.clone()));
        let runner = Runner::new(Arc::new(store.clone()), Arc::new(clock.clone()), registry, settings);
        Self { store, clock, gate, runner, script }
    }

    /// Scripts the ends of the next runs of [`Scripted`]; later ones succeed.
    pub(crate) fn script(&self, ends: impl IntoIterator<Item = End>) {
        self.script.lock().expect("no panic").ends.extend(ends);
    }

    /// For each run of [`Scripted`] so far: whether it was reported as the last attempt.
    pub(crate) fn last_attempts(&self) -> Vec<bool> {
        self.script.lock().expect("no panic").last_attempts.clone()
    }

    pub(crate) async fn enqueue<J: Job<Payload = Order>>(&self) -> JobId {
        self.enqueue_raw(new_job::<J>(&Order { dish: "soup".to_owned() })).await
    }

    pub(crate) async fn enqueue_raw(&self, job: NewJob) -> JobId {
        self.store.enqueue_job(job, self.clock.now()).await.expect("enqueued")
    }

    pub(crate) async fn tick(&self) -> Tick {
        self.runner.tick().await.expect("the store works")
    }

    pub(crate) fn ticking(&self) -> JoinHandle<Tick> {
        let runner = self.runner.clone();
        tokio::spawn(async move { runner.tick().await.expect("the store works") })
    }

    /// Runs attempts, moving the clock, until no job is left to wait for.
    pub(crate) async fn run_all(&self) {
        for _ in 0..1_000 {
            while self.tick().await != Tick::Idle {}
            if self.store.count_jobs().await.expect("counted").open() == 0 {
                return;
            }
            self.clock.advance(Duration::from_secs(30));
        }
        panic!("jobs do not come to an end");
    }

    /// Starts the workers of all queues.
    pub(crate) fn start(&self) -> (CancellationToken, JoinHandle<()>) {
        let shutdown = CancellationToken::new();
        (shutdown.clone(), tokio::spawn(self.runner.clone().run(shutdown)))
    }

    pub(crate) async fn job(&self, id: JobId) -> StoredJob {
        self.store.get_job(id).await.expect("the job exists")
    }

    pub(crate) async fn state(&self, id: JobId) -> JobState {
        self.job(id).await.state
    }

    /// The steps of a job's events so far.
    pub(crate) async fn steps(&self, id: JobId) -> Vec<String> {
        let events = self.store.events_after(id, 0, 1_000).await.expect("the job exists");
        events.into_iter().map(|event| event.step).collect()
    }

    /// Returns once a job has an event with this step.
    pub(crate) async fn wait_for(&self, job: JobId, step: &str) {
        let mut events = events(Arc::new(self.store.clone()), job, 0).await.expect("the job exists");
        while let Some(event) = events.next().await {
            if event.expect("readable").step == step {
                return;
            }
        }
        panic!("job {job} ended without {step}");
    }
}

pub(crate) fn failing(kind: ErrorKind) -> End {
    End::Stop(PortError::new(kind, "the stove is cold").into())
}
