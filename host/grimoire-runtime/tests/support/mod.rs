//! Helpers for the tests of the host.
#![allow(dead_code, reason = "every test program uses a part of it")]

pub(crate) mod guests;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use grimoire_domain::Timestamp;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_domain::ranking::{Candidate, Evidence, PatternEvidence, PatternHit};
use grimoire_domain::spell::{Outcomes, Spell, SpellFields, SpellId};
use grimoire_ports::github::ByteStream;
use grimoire_runtime::PluginSource;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A plugin shipped with the binary.
pub(crate) fn shipped(name: &str) -> PluginSource {
    PluginSource::file(name, shipped_path(name))
}

/// The component of a plugin shipped with the binary.
pub(crate) fn shipped_component(name: &str) -> Vec<u8> {
    let path = shipped_path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shipped_path(name: &str) -> PathBuf {
    root().join("plugins/prebuilt").join(format!("{name}.wasm"))
}

/// The log of a job.
pub(crate) fn log() -> Artifact {
    Artifact { kind: ArtifactKind::Log, name: "build".to_owned(), size: None }
}

/// Content in chunks of a size.
pub(crate) fn content(bytes: &[u8], piece: usize) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}

/// An ordinary diagnostic.
pub(crate) fn diagnostic() -> Diagnostic {
    Diagnostic {
        tool: "rustc".to_owned(),
        error_type: "E0382".to_owned(),
        code: Some("E0382".to_owned()),
        message: "borrow of moved value: `x`".to_owned(),
        context: "let y = x;".to_owned(),
        span: Span { start: 0, end: 26 },
        ..Diagnostic::default()
    }
}

/// Ordinary candidates.
pub(crate) fn candidates(count: u64) -> Vec<Candidate> {
    let candidate = |id| {
        let fields = SpellFields {
            title: format!("Clone the value {id}"),
            description: "The value was moved and is used again.".to_owned(),
            error_type: "E0382".to_owned(),
            error_pattern: "borrow of moved value".to_owned(),
            solution_code: "let y = x.clone();".to_owned(),
            ..SpellFields::default()
        };
        let spell = Spell {
            id: SpellId(id),
            fields: fields.validate().expect("valid fields"),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: None,
            revision: 1,
        };
        let hit = PatternHit {
            text: "borrow of moved value".to_owned(),
            telling: 16,
            in_message: true,
            place: 0..21,
        };
        let evidence =
            Evidence { keyword: 1.0 / id as f64, pattern: PatternEvidence::Hit(hit), ..Evidence::default() };
        Candidate { spell: spell.into(), evidence, outcomes: Outcomes::default() }
    };
    (1..=count).map(candidate).collect()
}
