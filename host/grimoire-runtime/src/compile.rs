//! Turns bytes into executable code: from the cache, or by compiling off the caller's thread.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::background::Background;
use crate::cache::{CacheLookup, DiskCache};
use crate::digest::Digest;
use crate::options::Options;
use crate::registry::Generation;
use crate::rejection::Rejection;

/// Statistics of the code cache since the start of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheReport {
    /// Number of components whose code came from disk.
    pub loaded: u64,
    /// Number of components that were compiled.
    pub compiled: u64,
    /// Number of entries on disk that were damaged or not written by this host, and were replaced.
    pub mismatched: u64,
}

/// Compiles components and caches their code.
pub(crate) struct Compiler {
    engine: Engine,
    disk: Option<DiskCache>,
    memory: Mutex<HashMap<Digest, Component>>,
    background: Background,
    loaded: AtomicU64,
    compiled: AtomicU64,
    mismatched: AtomicU64,
}

impl Compiler {
    /// Without a usable folder everything still works, but more slowly: that is only a warning.
    pub(crate) fn new(engine: &Engine, options: &Options) -> Self {
        let identity = Digest::of_hash(&(env!("CARGO_PKG_VERSION"), engine.precompile_compatibility_hash()));
        let disk = options.cache_folder.as_ref().and_then(|folder| {
            DiskCache::open(folder, identity)
                .inspect_err(|error| {
                    let folder = folder.display();
                    tracing::warn!(%folder, %error, "no cache of compiled plugins: every start compiles");
                })
                .ok()
        });
        Self {
            engine: engine.clone(),
            disk,
            memory: Mutex::default(),
            background: Background::new(options.compile_wait, options.compile_wait_per_mebibyte),
            loaded: AtomicU64::new(0),
            compiled: AtomicU64::new(0),
            mismatched: AtomicU64::new(0),
        }
    }

    pub(crate) fn report(&self) -> CacheReport {
        CacheReport {
            loaded: self.loaded.load(Ordering::Relaxed),
            compiled: self.compiled.load(Ordering::Relaxed),
            mismatched: self.mismatched.load(Ordering::Relaxed),
        }
    }

    /// Number of abandoned compilations that still run.
    pub(crate) fn abandoned(&self) -> usize {
        self.background.abandoned()
    }

    /// Drops code in memory that no plugin of these sets uses; the code on disk stays.
    pub(crate) fn keep_only(&self, sets: &[&Generation]) {
        let in_use = |digest: &Digest| {
            let digest = digest.to_string();
            sets.iter().flat_map(|set| set.plugins.values()).any(|plugin| plugin.identity.digest == digest)
        };
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).retain(|digest, _| in_use(digest));
    }

    /// Returns the code of a component that was compiled before, and whether it came from disk.
    pub(crate) fn find(&self, digest: Digest) -> Option<(Component, bool)> {
        if let Some(component) = self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Some((component.clone(), false));
        }
        let component = self.read_from_disk(digest)?;
        self.loaded.fetch_add(1, Ordering::Relaxed);
        self.remember(digest, &component);
        Some((component, true))
    }

    fn remember(&self, digest: Digest, component: &Component) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, component.clone());
    }

    fn read_from_disk(&self, digest: Digest) -> Option<Component> {
        let code = match self.disk.as_ref()?.read(digest) {
            CacheLookup::Code(code) => code,
            CacheLookup::Nothing => return None,
            CacheLookup::Mismatch => {
                self.mismatched.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(component = %digest, "compiled code on disk is not what was written: compiling anew");
                return None;
            }
        };
        #[expect(unsafe_code, reason = "the engine cannot check machine code itself; the cache did")]
        // SAFETY: `code` is the output of this engine's `precompile_component`: `DiskCache::read`
        // verified in this very buffer that a holder of the host's private key wrote it, for this
        // engine's version and configuration. Only `compile` below writes entries, with that output.
        let component = unsafe { Component::deserialize(&self.engine, code) };
        component
            .inspect_err(|error| tracing::warn!(%error, "compiled code does not load: compiling anew"))
            .ok()
    }

    /// Compiles a component that passed the preflight, in the background within the limit, and
    /// stores the code on disk.
    pub(crate) fn compile(&self, bytes: &[u8], digest: Digest) -> Result<Component, Rejection> {
        let component = self.background.compile(&self.engine, bytes)?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        self.remember(digest, &component);
        if let Some(disk) = &self.disk {
            let written = component.serialize().map_err(std::io::Error::other);
            if let Err(error) = written.and_then(|code| disk.write(digest, &code)) {
                tracing::warn!(%error, "compiled code was not kept: the next start compiles again");
            }
        }
        Ok(component)
    }
}
