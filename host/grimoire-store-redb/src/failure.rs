//! Why an operation of the store failed.

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;

/// The result of an operation within a transaction.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Why an operation failed. The kind decides what happens to the other writes of its group.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request breaks a rule: it has written nothing, and the others of its group continue.
    Refused(PortError),
    /// The file cannot be read or written: the whole group is undone.
    Broken(redb::Error),
}

impl Failure {
    /// A refusal.
    pub(crate) fn refused(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::Refused(PortError::new(kind, message))
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::Refused(error)
    }
}

macro_rules! broken_by {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Broken(error.into())
            }
        }
    )+};
}
broken_by!(redb::Error, redb::StorageError, redb::TableError, redb::TransactionError, redb::CommitError);

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Broken(error) => broken(&error, error.to_string()),
        }
    }
}

/// The error for callers if the file is broken; `source` goes to the log.
pub(crate) fn broken(
    error: &redb::Error,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PortError {
    let (kind, message) = match error {
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            (ErrorKind::Unavailable, "the store's disk is full: free some room")
        }
        redb::Error::Io(_) | redb::Error::PreviousIo => {
            (ErrorKind::Unavailable, "the store's file cannot be read or written: check its disk")
        }
        redb::Error::DatabaseClosed => (ErrorKind::Unavailable, "the store is closed"),
        _ => (ErrorKind::Internal, "the store failed"),
    };
    PortError::new(kind, message).with_source(source)
}
