//! What the tests of the host share.
#![allow(dead_code, reason = "every test program uses a part of it")]

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_ports::github::ByteStream;
use grimoire_runtime::PluginSource;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A component that is shipped with the binary.
pub(crate) fn shipped(name: &str) -> PluginSource {
    let path = root().join("plugins/prebuilt").join(format!("{name}.wasm"));
    let component = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    PluginSource::new(name, component)
}

/// The log of a job.
pub(crate) fn log() -> Artifact {
    Artifact { kind: ArtifactKind::Log, name: "build".to_owned(), size: None }
}

/// Content in pieces of a size.
pub(crate) fn content(bytes: &[u8], piece: usize) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}
