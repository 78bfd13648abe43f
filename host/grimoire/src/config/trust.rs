//! Files in the working directory may come from another person's checkout or archive. They may choose plugins, keys
//! and the hosts that receive them only after the user allowed their content: `grimoire config allow`. A data folder,
//! which contains both, is known by its id.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::problem::Source;
use crate::user_folders;

/// Settings that are ignored in a file that was neither allowed nor named.
const GUARDED: [&str; 22] = [
    "server.host",
    "server.public_url",
    "server.cors_origins",
    "storage.url",
    "plugins.folder",
    "plugins.matcher",
    "plugins.fallback_matchers",
    "plugins.analyzer_routes",
    "plugins.matcher_routes",
    "plugins.embedder",
    "plugins.failure_policies",
    "plugins.config",
    "plugins.trusted_keys",
    "plugins.require_signed",
    "server.api_tokens",
    "github.webhook_secrets",
    "github.insecure_webhooks",
    "github.token",
    "github.tokens",
    "github.api_url",
    "github.storage_hosts",
    "github.storage_origins",
];

/// Returns true if a setting chooses plugins, keys, or the hosts that receive keys.
pub(super) fn is_guarded(key: &str) -> bool {
    GUARDED.contains(&key)
}

/// A setting that was found but ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The source of the value.
    pub source: Source,
    /// The setting's key.
    pub key: &'static str,
}

impl Ignored {
    /// The reason and the remedy.
    pub const WHY: &str = "is not obeyed: a file in the working directory chooses no plugins, keys or hosts unasked; if you trust it, say so with `grimoire config allow`, or name it with --config";
}

impl fmt::Display for Ignored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} {}", self.source, self.key, Self::WHY)
    }
}

/// What the user allowed: one marker for each file, by path and content, and for each data folder, by its id, in the
/// user's own folder. A file that was changed or moved is no longer allowed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    /// `None` if the user has no home folder: then nothing is allowed.
    folder: Option<PathBuf>,
}

impl Allowed {
    /// The files allowed by the user of this environment.
    pub(super) fn of(environment: &BTreeMap<String, String>) -> Self {
        let variable = |name: &str| environment.get(name).map(OsString::from);
        Self { folder: user_folders::state(variable).map(|folder| folder.join("allowed")) }
    }

    pub(super) fn has(&self, path: &Path, content: &str) -> bool {
        name_of(path, content).is_ok_and(|name| self.has_mark(&name))
    }

    fn has_mark(&self, name: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.join(name).is_file())
    }

    /// Allows a file with its current content.
    pub(super) fn add(&self, path: &Path, content: &str) -> io::Result<()> {
        self.add_mark(&name_of(path, content)?, path)
    }

    fn add_mark(&self, name: &str, path: &Path) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Err(io::Error::other(
                "there is no home folder to keep it in: set HOME or XDG_STATE_HOME",
            ));
        };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        // The content is for users who check what they allowed.
        std::fs::write(folder.join(name), path.canonicalize()?.as_os_str().as_encoded_bytes())
    }
}

/// What is known about whose data folder it is.
#[derive(Debug, Clone)]
pub(crate) struct FolderTrust {
    allowed: Allowed,
    is_named: bool,
}

impl FolderTrust {
    pub(super) fn new(allowed: Allowed, is_named: bool) -> Self {
        Self { allowed, is_named }
    }

    /// True if the user named the folder, in contrast to one that was found where one is by default.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }

    /// Returns true if the user has trusted a data folder with this id.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.allowed.has_mark(&name_of_folder(id))
    }

    /// Trusts data folders with this id, wherever they are moved.
    pub(crate) fn remember(&self, id: &str, folder: &Path) -> io::Result<()> {
        self.allowed.add_mark(&name_of_folder(id), folder)
    }
}

fn name_of_folder(id: &str) -> String {
    // Not the id itself: whoever reads the marker's name must not be able to make such a folder.
    let mut digest = Sha256::new();
    digest.update("data folder\0");
    digest.update(id);
    hex::encode(digest.finalize())
}

fn name_of(path: &Path, content: &str) -> io::Result<String> {
    let mut digest = Sha256::new();
    digest.update(path.canonicalize()?.as_os_str().as_encoded_bytes());
    digest.update([0]);
    digest.update(content);
    Ok(hex::encode(digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::super::settings;
    use super::*;

    #[test]
    fn every_secret_is_guarded_and_every_guarded_setting_exists() {
        for setting in settings::ALL {
            assert!(!setting.is_secret() || is_guarded(setting.key), "{}", setting.key);
        }
        for key in GUARDED {
            assert!(settings::find(key).is_some(), "{key}");
        }
    }
}
