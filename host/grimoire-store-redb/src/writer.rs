//! The one thread that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::{Database, ReadableDatabase};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::failure::{Failure, Outcome, broken};
use crate::journal::{Journal, Record};
use crate::memory::Memory;
use crate::step::{News, Noted, Step};
use crate::{Options, Shared, closed};

/// Takes writes and hands them to the thread.
pub(crate) struct Writer {
    /// Taken out to stop the thread.
    queue: std::sync::RwLock<Option<mpsc::Sender<Box<dyn Waiting>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. Without a journal every group is synced in the file itself.
    pub(crate) fn start(
        shared: Arc<Shared>,
        memory: Memory,
        journal: Option<Journal>,
        options: Options,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(options.waiting_writes.max(1));
        let state = WriterState {
            memory: Some(memory),
            record: if journal.is_some() { Record::new() } else { Record::of_nothing() },
            journal,
            group_limit: options.group_limit,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_groups(&shared, state, receiver))?;
        Ok(Self { queue: std::sync::RwLock::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a write and waits until it is on the disk or refused. Dropping the returned future
    /// does not take the write back.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Step<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let (reply, answer) = oneshot::channel();
        let waiting = Box::new(Write { work: Some(work), outcome: None, reply });
        let queued = match &*self.queue.read().unwrap_or_else(PoisonError::into_inner) {
            Some(queue) => queue.try_send(waiting),
            None => return Err(closed()),
        };
        match queued {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(busy()),
            Err(TrySendError::Closed(_)) => return Err(closed()),
        }
        answer.await.unwrap_or_else(|_| {
            Err(PortError::new(ErrorKind::Internal, "the store's writer ended before it could answer"))
        })
    }

    /// Lets the thread finish what waits, and waits for it.
    pub(crate) fn stop(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer panicked");
        }
    }
}

fn busy() -> PortError {
    PortError::new(ErrorKind::Unavailable, "the store has too many writes waiting: try again in a moment")
        .with_retry_after(std::time::Duration::from_secs(1))
}

/// A write of any type in the queue.
trait Waiting: Send {
    /// Does the work and keeps its result. An error: the file is broken, and the group with it.
    fn apply(&mut self, step: &mut Step<'_>) -> Result<(), redb::Error>;

    /// Answers with the result that was kept.
    fn answer(self: Box<Self>);

    /// Answers with an error instead.
    fn fail(self: Box<Self>, error: PortError);
}

struct Write<F, T> {
    work: Option<F>,
    outcome: Option<Result<T, PortError>>,
    reply: oneshot::Sender<Result<T, PortError>>,
}

impl<F, T> Waiting for Write<F, T>
where
    F: FnOnce(&mut Step<'_>) -> Outcome<T> + Send,
    T: Send,
{
    fn apply(&mut self, step: &mut Step<'_>) -> Result<(), redb::Error> {
        let work = self.work.take().expect("a write is applied once");
        match work(step) {
            Ok(value) => self.outcome = Some(Ok(value)),
            Err(Failure::Refused(error)) => self.outcome = Some(Err(error)),
            Err(Failure::Broken(error)) => return Err(error),
        }
        Ok(())
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.expect("a write is answered after it was applied");
        // Nobody listens when the caller has gone away; the write stays.
        let _ = self.reply.send(outcome);
    }

    fn fail(self: Box<Self>, error: PortError) {
        let _ = self.reply.send(Err(error));
    }
}

/// What the thread works with.
struct WriterState {
    /// Agrees with the last commit whenever it is there: unless a group succeeds, it is gone and made again
    /// for the next one.
    memory: Option<Memory>,
    journal: Option<Journal>,
    /// What the group has changed so far.
    record: Record,
    /// The most writes of a group.
    group_limit: usize,
}

fn write_groups(shared: &Shared, mut state: WriterState, mut queue: mpsc::Receiver<Box<dyn Waiting>>) {
    // Until this thread ends, be it by a panic: whoever closes the file then has to wait for its sync.
    let _only_this_one = state.journal.as_ref().map(|journal| journal.syncs().let_only_this_thread_wait());
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        while group.len() < state.group_limit
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        write_group(shared, &mut state, group);
    }
    if let Err(error) = finish(shared, &mut state) {
        tracing::warn!(%error, "the store is closed behind its journal: the next start does the rest again");
    }
}

/// Brings the file up to the journal.
fn finish(shared: &Shared, state: &mut WriterState) -> Result<(), redb::Error> {
    match &mut state.journal {
        Some(journal) => with_database(shared, |database| journal.finish(database)),
        None => Ok(()),
    }
}

fn with_database<T, E: From<redb::Error>>(
    shared: &Shared,
    work: impl FnOnce(&Database) -> Result<T, E>,
) -> Result<T, E> {
    let database = shared.database.read().unwrap_or_else(PoisonError::into_inner);
    work(database.as_ref().ok_or(redb::Error::DatabaseClosed)?)
}

fn write_group(shared: &Shared, state: &mut WriterState, mut group: Vec<Box<dyn Waiting>>) {
    let committed = commit_group(shared, state, &mut group);
    state.record.clear();
    match committed {
        Ok(news) => {
            // Before the answers: whoever has one finds the signals given.
            if let Some(news) = news {
                news.tell(shared);
            }
            for waiting in group {
                waiting.answer();
            }
        }
        Err(GroupError::Broken(error)) => {
            tracing::error!(%error, writes = group.len(), "a group of writes was undone");
            let error = Arc::new(error);
            for waiting in group {
                waiting.fail(broken(&error, Arc::clone(&error)));
            }
        }
        Err(GroupError::Panicked) => {
            tracing::error!(writes = group.len(), "a group of writes was undone: one of them panicked");
            for waiting in group {
                waiting.fail(PortError::new(ErrorKind::Internal, "the store failed"));
            }
        }
    }
}

enum GroupError {
    Broken(redb::Error),
    Panicked,
}

impl<E: Into<redb::Error>> From<E> for GroupError {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Does a group in one transaction. `None`: there was nothing to commit.
fn commit_group(
    shared: &Shared,
    state: &mut WriterState,
    group: &mut [Box<dyn Waiting>],
) -> Result<Option<News>, GroupError> {
    let (transaction, mut current) = with_database(shared, |database| -> Result<_, GroupError> {
        let transaction = database.begin_write()?;
        let current = match state.memory.take() {
            Some(current) => current,
            None => Memory::load(&database.begin_read()?)
                .map_err(|failure| GroupError::Broken(only_broken(failure)))?,
        };
        Ok((transaction, current))
    })?;
    // The transaction stays outside, so that after a panic it is dropped in order.
    let noted = Noted::new(&transaction, &state.record);
    let applied = catch_unwind(AssertUnwindSafe(|| apply_group(noted, &mut current, group)));
    let news = match applied {
        Ok(Ok(Some(news))) => {
            match &mut state.journal {
                Some(journal) => journal.commit(transaction, &mut state.record)?,
                None => transaction.commit()?,
            }
            Some(news)
        }
        Ok(Ok(None)) => {
            transaction.abort()?;
            None
        }
        Ok(Err(error)) => return Err(GroupError::Broken(error)),
        Err(_) => return Err(GroupError::Panicked),
    };
    // Also where nothing was written: a claim may have seen moments pass.
    *shared.summary.lock().unwrap_or_else(PoisonError::into_inner) = current.summary();
    state.memory = Some(current);
    Ok(news)
}

fn apply_group(
    transaction: Noted<'_>,
    memory: &mut Memory,
    group: &mut [Box<dyn Waiting>],
) -> Result<Option<News>, redb::Error> {
    let mut step = Step::begin(transaction, memory);
    for waiting in group {
        waiting.apply(&mut step)?;
    }
    step.finish().map_err(only_broken)
}

/// Where there is no request that could be refused.
fn only_broken(failure: Failure) -> redb::Error {
    match failure {
        Failure::Broken(error) => error,
        Failure::Refused(error) => redb::Error::Corrupted(error.to_string()),
    }
}
