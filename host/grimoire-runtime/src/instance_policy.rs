//! How long instances live: the one place where a call gets its store.

use std::sync::Arc;

use wasmtime::{Engine, Store};

use crate::call::{self, Call};
use crate::log::Logbook;
use crate::options::Options;
use crate::preflight::World;

/// How long an instance lives. A world decides it, by what its contract promises; no operator can.
///
/// Analyzers and matchers promise that nothing survives a call, so there is one policy so far. A
/// world whose plugins are costly to start and hold no text of anybody (an embedder with its model)
/// may get `Warm`, with how many calls an instance serves and what is reset between them: a variant
/// here, its arm in [`Self::store`], and the world that chooses it in [`World::instance_policy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstancePolicy {
    /// A fresh store and a fresh instance for every call (for analyzers: every scan), both gone when
    /// it ends. Text of one repository cannot reach another's call, nothing depends on history, and
    /// a trap poisons nothing.
    Ephemeral,
}

impl World {
    /// What the world's contract promises.
    pub(crate) fn instance_policy(self) -> InstancePolicy {
        match self {
            Self::Analyzer | Self::Matcher => InstancePolicy::Ephemeral,
        }
    }
}

impl InstancePolicy {
    /// The store in which a call's instance is made.
    pub(crate) fn store(
        self,
        engine: &Engine,
        options: &Options,
        plugin: &Arc<str>,
        book: &Arc<Logbook>,
    ) -> Store<Call> {
        match self {
            Self::Ephemeral => call::store(engine, options, plugin, book),
        }
    }
}
