//! The files with what plugins made of the spells, beside the store.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use grimoire_ports::PortError;
use grimoire_ports::derived_file::{DerivedFile, DerivedFiles};

/// Files in the data folder.
pub(crate) struct FilesBeside {
    folder: PathBuf,
}

impl FilesBeside {
    /// The files in a data folder.
    pub(crate) fn new(data_folder: &Path) -> Self {
        Self { folder: data_folder.to_owned() }
    }
}

impl DerivedFiles for FilesBeside {
    fn file(&self, name: &str) -> Arc<dyn DerivedFile> {
        Arc::new(FileBeside { folder: self.folder.clone(), path: self.folder.join(name) })
    }
}

struct FileBeside {
    folder: PathBuf,
    path: PathBuf,
}

impl FileBeside {
    fn failed(&self, what: &str, error: std::io::Error) -> PortError {
        PortError::internal(format!("{} cannot be {what}", self.path.display()), error)
    }
}

impl DerivedFile for FileBeside {
    fn read(&self) -> Result<Option<Vec<u8>>, PortError> {
        match std::fs::metadata(&self.path) {
            // A pipe would never end.
            Ok(metadata) if !metadata.is_file() => {
                Err(self.failed("read", std::io::Error::other("it is no file")))
            }
            Ok(_) => std::fs::read(&self.path).map(Some).map_err(|error| self.failed("read", error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    fn replace(&self, content: &[u8]) -> Result<(), PortError> {
        let written = tempfile::NamedTempFile::new_in(&self.folder).and_then(|mut file| {
            file.write_all(content)?;
            // Not synced: a checksum tells what a power failure leaves, and it costs only the work of making it again.
            file.persist(&self.path).map(drop).map_err(|error| error.error)
        });
        written.map_err(|error| self.failed("written", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = FilesBeside::new(folder.path());
        let (file, other) = (files.file("vectors"), files.file("others"));
        assert_eq!(file.read().expect("read"), None);
        for content in [&b"one"[..], b"another", b""] {
            file.replace(content).expect("written");
            assert_eq!(file.read().expect("read").as_deref(), Some(content));
        }
        assert_eq!(other.read().expect("read"), None);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
    }

    #[test]
    fn what_is_no_file_is_named_and_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("vectors")).expect("made");
        let file = FilesBeside::new(folder.path()).file("vectors");
        let error = file.read().expect_err("refused").to_string();
        assert!(error.contains("vectors cannot be read"), "{error}");
        let error = file.replace(b"x").expect_err("refused").to_string();
        assert!(error.contains("vectors cannot be written"), "{error}");
    }
}
