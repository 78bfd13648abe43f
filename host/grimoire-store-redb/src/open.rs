//! Opening a file, and saying clearly why that cannot be done.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, StorageBackend, StorageError};

use crate::Options;
use crate::journal::{FileSyncs, Found, JournaledFile, damaged};
use crate::migrations;

/// A database, with the journal before it that was found or made.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) journal: Option<Found>,
}

/// Opens or makes the database in the file at `path`, with its journal beside it.
pub(crate) fn file(path: &Path, options: Options) -> Result<Opened, PortError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot_open(path, &error.into()))?;
    }
    let journal_path = journal_of(path);
    let has_journal = journal_path.exists();
    let was_closed = match fs::metadata(path) {
        // An empty file, as `mktemp` makes them, becomes a store in its place.
        Ok(metadata) if metadata.len() == 0 => true,
        Ok(_) => look_first(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound && has_journal => {
            return Err(without_store(path, &journal_path));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path, options)?;
            true
        }
        Err(error) => return Err(cannot_open(path, &error.into())),
    };
    if !was_closed && !has_journal {
        return Err(without_journal(path, &journal_path));
    }
    let file = open_file(path).map_err(|error| cannot_open(path, &error))?;
    let syncs = FileSyncs::default();
    let journal = open_journal(&journal_path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => cannot_open(path, &error),
        error => cannot_open(&journal_path, &error),
    })?;
    let name = journal_path.display().to_string();
    let journal = Found::look(name, journal, options.journal_bytes, syncs.clone())
        .map_err(|error| cannot_read_journal(&journal_path, &error))?;
    if !was_closed && journal.is_of_pages() {
        return Err(needs_earlier_version(path));
    }
    if !has_journal {
        // A crash from here on leaves a store that asks for it.
        sync_folder_of(&journal_path);
    }
    let database = builder(options, path.display().to_string())
        .create_with_backend(JournaledFile::new(file, &syncs))
        .map_err(|error| cannot_open(path, &error))?;
    Ok(Opened { database, journal: Some(journal) })
}

/// Where the journal of the store at `path` is: beside the file itself, whatever links lead there.
fn journal_of(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = real.file_name().unwrap_or_default().to_owned();
    name.push(".journal");
    real.with_file_name(name)
}

fn open_file(path: &Path) -> Result<FileBackend, DatabaseError> {
    FileBackend::new(OpenOptions::new().read(true).write(true).open(path)?)
}

/// Opens a file, or makes it for the eyes of this user alone: it will hold payloads.
fn open_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Opens the journal for this process alone: two must not write it into the file at once.
fn open_journal(path: &Path) -> Result<FileBackend, DatabaseError> {
    let file = open_new(path)?;
    match file.try_lock() {
        Ok(()) => FileBackend::new(file),
        Err(TryLockError::WouldBlock) => Err(DatabaseError::DatabaseAlreadyOpen),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn without_store(path: &Path, journal: &Path) -> PortError {
    let (path, journal) = (path.display(), journal.display());
    let message = format!(
        "{path} is gone and its journal {journal} is there: put the store back, or move the journal away to \
         start anew"
    );
    PortError::new(ErrorKind::Invalid, message)
}

fn without_journal(path: &Path, journal: &Path) -> PortError {
    let (path, journal) = (path.display(), journal.display());
    let message = format!(
        "{path} was not closed, and its journal {journal}, which has what was written last, is gone: put it \
         back, or make an empty file of that name to go on without"
    );
    PortError::new(ErrorKind::Invalid, message)
}

fn needs_earlier_version(path: &Path) -> PortError {
    let path = path.display();
    let message = format!(
        "{path} was not closed by the earlier version of Grimoire that wrote it: start that version once more \
         and stop it"
    );
    PortError::new(ErrorKind::Invalid, message)
}

fn cannot_read_journal(path: &Path, error: &io::Error) -> PortError {
    if error.kind() == io::ErrorKind::InvalidData {
        return damaged(&path.display().to_string(), error);
    }
    cannot_open(path, &DatabaseError::from(io::Error::new(error.kind(), error.to_string())))
}

/// Makes a whole store beside `path` and moves it there, so that a crash leaves a whole store or none.
fn make(path: &Path, options: Options) -> Result<(), PortError> {
    let failed = |error: DatabaseError| cannot_open(path, &error);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    // Whatever an earlier process of this number left behind.
    let _ = fs::remove_file(&beside);
    let file = open_new(&beside).map_err(|error| failed(error.into()))?;
    let database = builder(options, beside.display().to_string()).create_file(file).map_err(failed)?;
    migrations::bring_up_to_date(&database)?;
    drop(database);
    // A link does not replace what another process has put there meanwhile; a rename would, and is
    // only for file systems without links.
    let moved = match fs::hard_link(&beside, path) {
        Ok(()) => fs::remove_file(&beside),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(&beside),
        Err(_) => fs::rename(&beside, path),
    };
    moved.map_err(|error| failed(error.into()))?;
    sync_folder_of(path);
    Ok(())
}

/// Opens or makes the database in a backend with a journal before it.
pub(crate) fn journaled(
    backend: impl StorageBackend,
    journal: impl StorageBackend,
    options: Options,
) -> Result<Opened, PortError> {
    let syncs = FileSyncs::default();
    let name = "the given journal";
    let journal = Found::look(name.to_owned(), journal, options.journal_bytes, syncs.clone())
        .map_err(|error| cannot_read_journal(Path::new(name), &error))?;
    let opened = self::backend(JournaledFile::new(backend, &syncs), options)?;
    Ok(Opened { journal: Some(journal), ..opened })
}

/// Opens or makes the database in a backend.
pub(crate) fn backend(backend: impl StorageBackend, options: Options) -> Result<Opened, PortError> {
    let database = builder(options, "the store".to_owned())
        .create_with_backend(backend)
        .map_err(|error| cannot_open(Path::new("the given storage"), &error))?;
    Ok(Opened { database, journal: None })
}

fn builder(options: Options, name: String) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes).set_repair_callback(move |session| {
        let percent = session.progress() * 100.0;
        tracing::warn!("{name} was not closed cleanly and is being repaired: {percent:.0} % done");
    });
    builder
}

/// Looks at a file without the right to write it, so that a file that is refused stays as it is. Whether it
/// was closed: one that was not cannot be read so; opening it repairs it first.
fn look_first(path: &Path) -> Result<bool, PortError> {
    match Builder::new().set_cache_size(1 << 20).open_read_only(path) {
        Ok(database) => migrations::check(&database).map(|()| true),
        Err(DatabaseError::RepairAborted) => Ok(false),
        Err(error) => Err(cannot_open(path, &error)),
    }
}

fn cannot_open(path: &Path, error: &DatabaseError) -> PortError {
    let path = path.display();
    let (kind, message) = match error {
        DatabaseError::DatabaseAlreadyOpen => (
            ErrorKind::Unavailable,
            format!(
                "{path} is in use by another process: stop the other Grimoire, or give this one another \
                 database"
            ),
        ),
        DatabaseError::UpgradeRequired(version) => (
            ErrorKind::Invalid,
            format!("{path} has the file format {version}, which this version does not read"),
        ),
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => (
                ErrorKind::Invalid,
                format!("{path} is not a Grimoire store: give another path, or move the file away"),
            ),
            _ => (ErrorKind::Unavailable, format!("{path} cannot be opened: {error}")),
        },
        DatabaseError::Storage(StorageError::Corrupted(_)) => (
            ErrorKind::Invalid,
            format!("{path} is damaged: restore it from a backup, or move it away to start anew"),
        ),
        _ => (ErrorKind::Internal, format!("{path} cannot be opened")),
    };
    PortError::new(kind, message).with_source(error.to_string())
}

/// Makes a new file's name as durable as its content. Not every system can; those that cannot lose
/// nothing but a store that was made a moment ago.
fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, folder = %folder.display(), "the folder could not be synced");
    }
}
