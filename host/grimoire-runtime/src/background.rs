//! Compiles off the caller's thread, with a time limit.
//!
//! A compilation cannot be stopped from outside. One that exceeds its limit is abandoned: it continues at the
//! lowest priority, in its own thread pool where nobody waits behind it, until it ends by itself. The limits of the
//! preflight bound how long that takes; this module bounds how many there may be.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::problem::engine_words;
use crate::rejection::Rejection;
use crate::threads::lowest_priority;

/// Maximum number of abandoned compilations that may still run when another one starts.
const MAX_ABANDONED: usize = 2;

/// Compiles one component at a time for each caller.
#[derive(Debug)]
pub(crate) struct Background {
    wait: Duration,
    wait_per_mebibyte: Duration,
    abandoned: Arc<AtomicUsize>,
}

/// The phase of a compilation, shared by both threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Awaited,
    Abandoned,
    Ended,
}

/// Held by the compiling thread: decrements the count even if the compiler panics.
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
    pub(crate) fn new(wait: Duration, wait_per_mebibyte: Duration) -> Self {
        Self { wait, wait_per_mebibyte, abandoned: Arc::default() }
    }

    /// Number of abandoned compilations that still run.
    pub(crate) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// How long the compilation of a component of this size may take.
    fn wait_for(&self, bytes: usize) -> Duration {
        self.wait + self.wait_per_mebibyte.mul_f64(bytes as f64 / f64::from(1 << 20))
    }

    /// Compiles a component that passed the preflight, and waits for it up to the limit.
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
                // The receiver is gone if the compilation was abandoned.
                let _ = sender.send(compiled);
                drop(compilation);
            })
            .map_err(|error| Rejection(format!("no thread to compile on: {error}")))?;
        let wait = self.wait_for(bytes.len());
        match receiver.recv_timeout(wait) {
            Ok(compiled) => compiled,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(Rejection("was not compiled: the compiler's thread was lost; try again".to_owned()))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let mut phase = phase.lock().unwrap_or_else(PoisonError::into_inner);
                if *phase == Phase::Awaited {
                    *phase = Phase::Abandoned;
                    self.abandoned.fetch_add(1, Ordering::Relaxed);
                }
                Err(Rejection(format!(
                    "did not compile within {} s: its code is too large or too tangled for this machine",
                    wait.as_secs()
                )))
            }
        }
    }
}

/// In the process's common pool, abandoned work would delay wanted work.
fn compile_in_own_pool(engine: &Engine, input: &[u8]) -> Result<Component, Rejection> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("grimoire-compiler-{number}"))
        .start_handler(|_| lowest_priority())
        .build()
        .map_err(|error| Rejection(format!("no threads to compile on: {error}")))?;
    let compile = || pool.install(|| Component::from_binary(engine, input));
    match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(compiled) => compiled.map_err(|error| {
            // The outer errors name the function, the innermost one describes the problem.
            let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
            Rejection(format!("does not compile: {}", engine_words(&chain.join(": "))))
        }),
        Err(panic) => Err(Rejection(format!("makes the compiler panic: {}", panic_words(panic.as_ref())))),
    }
}

/// The message of a panic as one displayable line.
fn panic_words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    engine_words(&text.unwrap_or_else(|| "it does not say why".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_component_may_take_longer() {
        let background = Background::new(Duration::from_secs(60), Duration::from_secs(15));
        assert_eq!(background.wait_for(0).as_secs(), 60);
        assert_eq!(background.wait_for(40 << 20).as_secs(), 660);
    }

    #[test]
    fn a_panic_is_told_in_one_line() {
        let caught = |work: fn()| panic_words(catch_unwind(work).expect_err("a panic").as_ref());
        assert_eq!(
            caught(|| panic!("assertion failed:\n  left == right")),
            "assertion failed: left == right"
        );
        assert_eq!(caught(|| panic!("value {} is not defined", 7)), "value 7 is not defined");
        assert_eq!(caught(|| std::panic::panic_any(7)), "it does not say why");
    }
}
