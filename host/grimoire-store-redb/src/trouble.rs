//! Trouble with the storage: writes fail because the disk is full or broken, and are retried later.
//!
//! After a call that failed at the disk, redb rejects every further call until the file is reopened. The store
//! does that by itself before the next write, but at most once per second, because opening a large file that was
//! not closed takes time.

use std::io;
use std::path::Path;
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;

/// The delay before the file is reopened.
const PAUSE: Duration = Duration::from_secs(1);
/// The space that a commit needs in bytes, in addition to the unallocated part of the file.
const LEAST_ROOM: u64 = 1 << 20;

/// Why writes are not possible.
#[derive(Debug)]
pub(crate) struct Trouble {
    message: String,
    /// The time from which the file may be reopened.
    retry_at: Timestamp,
    /// True if the file was reopened, so that the next write may proceed.
    pub(crate) reopened: bool,
}

impl Trouble {
    /// The trouble that an error means for later calls; `None` if it does not affect them.
    pub(crate) fn of(error: &redb::Error, file: Option<&Path>, now: Timestamp) -> Option<Self> {
        let message = match error {
            redb::Error::Io(error) if error.kind() == io::ErrorKind::StorageFull => match file {
                Some(file) => format!(
                    "the disk of {} is full: free at least {} MiB, and it goes on by itself",
                    file.display(),
                    needed_room(file).div_ceil(1 << 20)
                ),
                None => "the store's disk is full: free some room, and it goes on by itself".to_owned(),
            },
            redb::Error::Io(_) | redb::Error::PreviousIo => match file {
                Some(file) => format!(
                    "{} cannot be read or written: check its disk; it is tried again by itself",
                    file.display()
                ),
                None => {
                    "the store's file cannot be read or written: check its disk; it is tried again by itself"
                        .to_owned()
                }
            },
            _ => return None,
        };
        let mut trouble = Self { message, retry_at: now, reopened: false };
        trouble.wait(now);
        Some(trouble)
    }

    /// Returns true if the delay is over. A clock that was set back does not cause a wait of hours.
    pub(crate) fn may_retry(&self, now: Timestamp) -> bool {
        now >= self.retry_at || self.retry_at.duration_since(now) > PAUSE.try_into().unwrap_or_default()
    }

    pub(crate) fn wait(&mut self, now: Timestamp) {
        self.retry_at = now.saturating_add(PAUSE).unwrap_or(Timestamp::MAX);
    }

    /// The error for callers.
    pub(crate) fn error(&self) -> PortError {
        PortError::new(ErrorKind::Unavailable, self.message.clone()).with_retry_after(PAUSE)
    }
}

/// The space that the file needs in bytes: the unallocated part of its length, and a little more.
fn needed_room(file: &Path) -> u64 {
    #[cfg(unix)]
    let missing = std::fs::metadata(file).map_or(0, |metadata| {
        // In units of 512 bytes, independent of the file system's block size.
        metadata.len().saturating_sub(std::os::unix::fs::MetadataExt::blocks(&metadata) * 512)
    });
    #[cfg(not(unix))]
    let missing = {
        let _ = file;
        0
    };
    missing + LEAST_ROOM
}
