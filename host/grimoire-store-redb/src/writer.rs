//! The only thread that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::{ReadableDatabase, WriteTransaction};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::effects::Effects;
use crate::failure::{Failure, Outcome, broken};
use crate::memory::Memory;
use crate::shared::{Shared, closed};
use crate::transaction::Transaction;

/// Queues writes for the writer thread.
pub(crate) struct Writer {
    /// `None` once the thread must stop.
    queue: RwLock<Option<mpsc::Sender<Box<dyn QueuedWrite>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. At most `waiting_writes` are queued, and at most `group_limit` share a
    /// commit.
    pub(crate) fn start(
        shared: Arc<Shared>,
        memory: Memory,
        waiting_writes: usize,
        group_limit: usize,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(waiting_writes.max(1));
        let worker = WriterThread { shared, memory: Some(memory), group_limit };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || worker.run(receiver))?;
        Ok(Self { queue: RwLock::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a write and waits until it is durable or rejected. Dropping the returned future does
    /// not cancel the write.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let (reply, answer) = oneshot::channel();
        let write = Box::new(TypedWrite { work: Some(work), result: None, reply });
        let queued = match &*self.queue.read().unwrap_or_else(PoisonError::into_inner) {
            Some(queue) => queue.try_send(write),
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

    /// Lets the thread finish the queue, and waits for its end.
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
        .with_retry_after(Duration::from_secs(1))
}

/// A queued write with any result type.
trait QueuedWrite: Send {
    /// Runs the write and keeps its result for [`QueuedWrite::answer`]. An error means that the file
    /// is broken, and the group must be rolled back.
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> Result<(), redb::Error>;

    /// Sends the result of [`QueuedWrite::apply`] to the caller.
    fn answer(self: Box<Self>);

    /// Sends an error instead.
    fn fail(self: Box<Self>, error: PortError);
}

struct TypedWrite<F, T> {
    work: Option<F>,
    result: Option<Result<T, PortError>>,
    reply: oneshot::Sender<Result<T, PortError>>,
}

impl<F, T> QueuedWrite for TypedWrite<F, T>
where
    F: FnOnce(&mut Transaction<'_>) -> Outcome<T> + Send,
    T: Send,
{
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> Result<(), redb::Error> {
        let work = self.work.take().expect("a write is applied once");
        match work(transaction) {
            Ok(value) => self.result = Some(Ok(value)),
            Err(Failure::Refused(error)) => self.result = Some(Err(error)),
            Err(Failure::Broken(error)) => return Err(error),
        }
        Ok(())
    }

    fn answer(self: Box<Self>) {
        let result = self.result.expect("a write is answered after it was applied");
        // Sending fails if the caller has gone away; the write stays.
        let _ = self.reply.send(result);
    }

    fn fail(self: Box<Self>, error: PortError) {
        let _ = self.reply.send(Err(error));
    }
}

struct WriterThread {
    shared: Arc<Shared>,
    /// The state as of the last commit. `None` after a failed group: the next group loads it again.
    memory: Option<Memory>,
    group_limit: usize,
}

impl WriterThread {
    fn run(mut self, mut queue: mpsc::Receiver<Box<dyn QueuedWrite>>) {
        while let Some(first) = queue.blocking_recv() {
            let mut group = vec![first];
            while group.len() < self.group_limit
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            self.write_group(group);
        }
    }

    /// Commits a group and sends the results of its writes.
    fn write_group(&mut self, mut group: Vec<Box<dyn QueuedWrite>>) {
        match self.commit_group(&mut group) {
            Ok(()) => {
                for write in group {
                    write.answer();
                }
            }
            Err(GroupError::Broken(error)) => {
                tracing::error!(%error, writes = group.len(), "a group of writes was undone");
                self.shared.note_trouble(&error);
                let error = Arc::new(error);
                for write in group {
                    write.fail(self.shared.trouble().unwrap_or_else(|| broken(&error, Arc::clone(&error))));
                }
            }
            Err(GroupError::InTrouble) => {
                for write in group {
                    write.fail(self.shared.trouble().unwrap_or_else(closed));
                }
            }
            Err(GroupError::Panicked) => {
                tracing::error!(writes = group.len(), "a group of writes was undone: one of them panicked");
                for write in group {
                    write.fail(PortError::new(ErrorKind::Internal, "the store failed"));
                }
            }
        }
    }

    /// Applies a group in one redb transaction, commits it durably and wakes everybody who waits
    /// for its effects.
    fn commit_group(&mut self, group: &mut [Box<dyn QueuedWrite>]) -> Result<(), GroupError> {
        self.shared.recover().map_err(|_| GroupError::InTrouble)?;
        let memory = self.memory.take();
        let (transaction, mut memory) = self.shared.with_database(|database| -> Result<_, GroupError> {
            let mut transaction = database.begin_write()?;
            // With a one-phase commit, a commit found damaged after a crash would silently be replaced by
            // the previous one, and its ids used again. With two phases, opening fails.
            transaction.set_two_phase_commit(true);
            let memory = match memory {
                Some(memory) => memory,
                None => Memory::load(&database.begin_read()?).map_err(only_broken)?,
            };
            Ok((transaction, memory))
        })?;
        // The transaction is created outside of the closure, so that it is aborted properly after a panic.
        let applied = catch_unwind(AssertUnwindSafe(|| apply_group(&transaction, &mut memory, group)));
        let effects = applied.map_err(|_| GroupError::Panicked)??;
        if effects.wrote {
            transaction.commit()?;
            self.shared.clear_trouble();
        } else {
            transaction.abort()?;
        }
        // Even if nothing was written: a claim may have seen times pass.
        self.shared.set_summary(memory.summary());
        if effects.wrote {
            self.shared.signal(memory.last_change(), effects);
        }
        self.memory = Some(memory);
        Ok(())
    }
}

enum GroupError {
    Broken(redb::Error),
    /// Writes are not possible yet.
    InTrouble,
    Panicked,
}

impl<E: Into<redb::Error>> From<E> for GroupError {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

fn apply_group(
    transaction: &WriteTransaction,
    memory: &mut Memory,
    group: &mut [Box<dyn QueuedWrite>],
) -> Result<Effects, redb::Error> {
    let mut transaction = Transaction::new(transaction, memory);
    for write in group {
        write.apply(&mut transaction)?;
    }
    transaction.finish().map_err(only_broken)
}

/// Converts a failure of an operation that belongs to no single request, so that nothing can be refused.
fn only_broken(failure: Failure) -> redb::Error {
    match failure {
        Failure::Broken(error) => error,
        Failure::Refused(error) => redb::Error::Corrupted(error.to_string()),
    }
}
