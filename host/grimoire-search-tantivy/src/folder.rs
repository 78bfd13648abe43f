//! Where indexes lie: one folder each, and a file that names the one in use.
//!
//! A rebuilt index is made beside the old one and takes its place by one rename, so that a crash at
//! any moment leaves either.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file with the name of the index in use.
const CURRENT: &str = "CURRENT";
/// What the name of an index folder begins with; a number follows.
const PREFIX: &str = "index-";

/// The folder of all indexes.
#[derive(Debug, Clone)]
pub(crate) struct IndexFolder {
    root: PathBuf,
}

impl IndexFolder {
    /// Opens the folder, made where it is missing.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// The index in use; `None` where there is none yet.
    pub(crate) fn current(&self) -> io::Result<Option<PathBuf>> {
        let name = match fs::read_to_string(self.root.join(CURRENT)) {
            Ok(name) => name,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let name = name.trim_end();
        // The file may be damaged: what is no name of ours is not followed anywhere.
        if number(name).is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{CURRENT} names no index")));
        }
        Ok(Some(self.root.join(name)))
    }

    /// A new, empty folder for an index.
    pub(crate) fn fresh(&self) -> io::Result<PathBuf> {
        // Somebody may have removed everything while it was in use.
        fs::create_dir_all(&self.root)?;
        let highest = self.indexes()?.into_iter().map(|(number, _)| number).max().unwrap_or(0);
        let path = self.root.join(format!("{PREFIX}{:06}", highest.saturating_add(1)));
        fs::create_dir(&path)?;
        Ok(path)
    }

    /// Puts an index into use and removes all others.
    pub(crate) fn activate(&self, index: &Path) -> io::Result<()> {
        let name = index.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let draft = self.root.join(format!("{CURRENT}.new"));
        let mut file = File::create(&draft)?;
        writeln!(file, "{name}")?;
        file.sync_all()?;
        fs::rename(&draft, self.root.join(CURRENT))?;
        #[cfg(unix)]
        File::open(&self.root)?.sync_all()?;
        for (_, path) in self.indexes()? {
            if path != index {
                remove(&path);
            }
        }
        Ok(())
    }

    fn indexes(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            if let Some(number) = entry.file_name().to_str().and_then(number) {
                found.push((number, entry.path()));
            }
        }
        Ok(found)
    }
}

/// Removes an index that is not in use. What cannot be removed now is tried again at the next rebuild.
pub(crate) fn remove(index: &Path) {
    if let Err(error) = fs::remove_dir_all(index) {
        tracing::warn!(index = %index.display(), %error, "an old search index could not be removed");
    }
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activated_index_is_current_and_alone() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = IndexFolder::open(&root.path().join("search")).expect("opened");
        assert_eq!(folder.current().expect("read"), None);
        let first = folder.fresh().expect("made");
        let second = folder.fresh().expect("made");
        assert_ne!(first, second);
        folder.activate(&first).expect("activated");
        assert_eq!(folder.current().expect("read"), Some(first.clone()));
        assert!(!second.exists());
        let third = folder.fresh().expect("made");
        folder.activate(&third).expect("activated");
        assert!(!first.exists() && third.exists());
    }

    #[test]
    fn a_damaged_name_is_not_followed() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = IndexFolder::open(root.path()).expect("opened");
        for name in ["", "../../etc", "index-", "index-1/..", "index-99999999999999999999999"] {
            fs::write(root.path().join(CURRENT), name).expect("written");
            assert!(folder.current().is_err(), "{name}");
        }
    }
}
