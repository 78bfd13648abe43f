//! Backups: a copy of the store as of one commit, taken while reads and writes continue, and its restoration.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::{Builder, DatabaseError, Key, ReadTransaction, TableDefinition, Value, WriteTransaction};

use crate::failure::Outcome;
use crate::open::{cannot_open, open_private, sync_folder_of};
use crate::schema::{META, TableVisitor, visit_tables};
use crate::verify::verify;

/// Copies everything visible to a transaction into a new file.
pub(crate) fn copy(source: &ReadTransaction, path: &Path) -> Outcome<()> {
    let file = match path.try_exists() {
        Ok(true) => return Err(exists(path).into()),
        Ok(false) | Err(_) => open_private(path).map_err(|error| cannot_open(path, &error.into()))?,
    };
    let database = Builder::new().create_file(file).map_err(|error| cannot_open(path, &error))?;
    let target = database.begin_write()?;
    let mut copy = TableCopy { source, target: &target };
    copy.visit(META)?;
    visit_tables(&mut copy)?;
    target.commit()?;
    Ok(())
}

struct TableCopy<'t> {
    source: &'t ReadTransaction,
    target: &'t WriteTransaction,
}

impl TableVisitor for TableCopy<'_> {
    fn visit<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Outcome<()> {
        let source = self.source.open_table(table)?;
        let mut target = self.target.open_table(table)?;
        for row in source.range::<K::SelfType<'_>>(..)? {
            let (key, value) = row?;
            target.insert(key.value(), value.value())?;
        }
        Ok(())
    }
}

/// Replaces the store at `path`, which must not be open, by a backup. Returns the new name of the previous
/// store.
///
/// Fails with `Invalid` if the backup is damaged or not a store, with `Conflict` if there is a store at `path` and
/// `replace` is false, and with `Unavailable` if that store is open. Nothing is changed then.
pub fn restore(backup: &Path, path: &Path, replace: bool) -> Result<Option<PathBuf>, PortError> {
    let replaced = path.exists();
    if replaced {
        if !replace {
            return Err(exists(path));
        }
        // Any other error may be the reason for the restoration.
        if let Err(error @ DatabaseError::DatabaseAlreadyOpen) = Builder::new().open_read_only(path) {
            return Err(cannot_open(path, &error));
        }
    }
    let verification = verify(backup)?;
    if let Some(damage) = verification.damage.first() {
        let message = format!("{} is damaged and was not restored: {damage}", backup.display());
        return Err(PortError::new(ErrorKind::Invalid, message));
    }
    let new = beside(path, &format!("{}.restored", std::process::id()));
    let failed = |error: io::Error| cannot_open(path, &error.into());
    copy_file(backup, &new).map_err(failed)?;
    let aside = replaced.then(|| free_name(path));
    if let Some(aside) = &aside {
        fs::rename(path, aside).map_err(failed)?;
    }
    fs::rename(&new, path).map_err(failed)?;
    sync_folder_of(path);
    Ok(aside)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let _ = fs::remove_file(to);
    let mut target = open_private(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

fn beside(path: &Path, addition: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(addition);
    path.with_file_name(name)
}

/// An unused file name for the replaced store.
fn free_name(path: &Path) -> PathBuf {
    let mut names = (1..).map(|number: u64| beside(path, &format!("replaced-{number}")));
    names.find(|name| !name.exists()).expect("there are more numbers than files")
}

fn exists(path: &Path) -> PortError {
    let path = path.display();
    PortError::new(ErrorKind::Conflict, format!("{path} exists already and was left as it is"))
}
