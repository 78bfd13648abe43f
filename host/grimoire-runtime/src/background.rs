//! Compilations, off the caller's thread and with a limit on their time.
//!
//! A compilation cannot be stopped from outside. One that goes over its time is abandoned: it goes on
//! at the lowest priority, in a pool of its own where nobody waits behind it, until it ends by itself.
//! The preflight's counts bound how long that takes; here is bounded how many there may be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::preflight::Rejection;
use crate::problem::engine_words;
use crate::threads::lowest_priority;

/// Abandoned compilations that may still run when another one begins.
const MAX_ABANDONED: usize = 2;

/// Compiles, one component at a time for each caller.
#[derive(Debug)]
pub(crate) struct Background {
    wait: Duration,
    abandoned: Arc<AtomicUsize>,
}

/// How far a compilation is, agreed on by both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Awaited,
    Abandoned,
    Ended,
}

/// Held by the compiling thread: leaves the count also when the compiler panics.
struct Compilation {
    phase: Arc<Mutex<Phase>>,
    abandoned: Arc<AtomicUsize>,
}

impl Drop for Compilation {
    fn drop(&mut self) {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if *phase == Phase::Abandoned {
            self.abandoned.fetch_sub(1, Ordering::Relaxed);
        }
        *phase = Phase::Ended;
    }
}

impl Background {
    pub(crate) fn new(wait: Duration) -> Self {
        Self { wait, abandoned: Arc::default() }
    }

    /// Compilations over their time that still run.
    pub(crate) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Compiles what passed the preflight, and waits for it up to the limit.
    pub(crate) fn compile(&self, engine: &Engine, bytes: &[u8]) -> Result<Component, Rejection> {
        let running = self.abandoned();
        if running >= MAX_ABANDONED {
            return Err(Rejection(format!(
                "was not compiled: {running} compilations before it went over their time and still run"
            )));
        }
        let phase = Arc::new(Mutex::new(Phase::Awaited));
        let compilation = Compilation { phase: Arc::clone(&phase), abandoned: Arc::clone(&self.abandoned) };
        let (sender, receiver) = mpsc::sync_channel(1);
        let engine = engine.clone();
        let input: Arc<[u8]> = bytes.into();
        std::thread::Builder::new()
            .name("grimoire-compiler".to_owned())
            .spawn(move || {
                lowest_priority();
                let compiled = compile_in_own_pool(&engine, &input);
                // Nobody listens any more when it was abandoned.
                let _ = sender.send(compiled);
                drop(compilation);
            })
            .map_err(|error| Rejection(format!("no thread to compile on: {error}")))?;
        match receiver.recv_timeout(self.wait) {
            Ok(compiled) => compiled,
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Rejection("the compiler failed".to_owned())),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let mut phase = phase.lock().unwrap_or_else(PoisonError::into_inner);
                if *phase == Phase::Awaited {
                    *phase = Phase::Abandoned;
                    self.abandoned.fetch_add(1, Ordering::Relaxed);
                }
                Err(Rejection(format!("did not compile within {} s", self.wait.as_secs_f32())))
            }
        }
    }
}

/// The process's common pool would have what is abandoned stand in front of what is wanted.
fn compile_in_own_pool(engine: &Engine, input: &[u8]) -> Result<Component, Rejection> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("grimoire-compiler-{number}"))
        .start_handler(|_| lowest_priority())
        .build()
        .map_err(|error| Rejection(format!("no threads to compile on: {error}")))?;
    pool.install(|| Component::from_binary(engine, input)).map_err(|error| {
        Rejection(format!("does not compile: {}", engine_words(&error.root_cause().to_string())))
    })
}
