//! Derives the reason of a failed call from the engine's error.

use std::collections::BTreeSet;

use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::secrets;
use grimoire_domain::text;
use wasmtime::{FrameInfo, PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// A failed call, without the plugin's name. The detail contains no text of a guest or its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: FailureReason,
    pub(crate) detail: String,
    /// The backtrace of a trap, innermost call first; for operators.
    pub(crate) backtrace: Vec<String>,
    /// What the guest itself said last before a trap; for operators, because it may quote the input.
    pub(crate) last_words: Option<String>,
}

impl Fault {
    pub(crate) fn new(reason: FailureReason, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        secrets::mask_in(&mut detail);
        Self { reason, detail, backtrace: Vec::new(), last_words: None }
    }

    pub(crate) fn invalid_output(detail: impl Into<String>) -> Self {
        Self::new(FailureReason::InvalidOutput, detail)
    }

    /// Adds the name of the plugin.
    pub(crate) fn of(self, plugin: &str) -> PluginProblem {
        PluginProblem { plugin: plugin.to_owned(), reason: self.reason, detail: self.detail }
    }
}

/// The epoch callback's error for a spent budget.
#[derive(Debug, thiserror::Error)]
#[error("the computing time is used up")]
pub(crate) struct BudgetSpent;

/// A plugin refused, in a call, the configuration that it took when it was loaded.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is refused")]
pub(crate) struct ConfigurationRefused;

/// What the host observed during a call before it failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signs {
    /// True if the call was refused memory.
    pub(crate) memory_refused: bool,
    /// The last message in its log, if it reports a panic.
    pub(crate) panic: Option<String>,
    /// The end of what it printed, if it printed anything.
    pub(crate) printed: Option<String>,
    /// The limit on its memory in bytes.
    pub(crate) memory_limit: usize,
}

/// Classifies an engine's error.
pub(crate) fn classify(error: &wasmtime::Error, signs: Signs) -> Fault {
    let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
    let fault = classify_without_place(error, &signs, frames);
    if fault.reason != FailureReason::Trap {
        return fault;
    }
    let last_words = signs.panic.or(signs.printed);
    Fault { backtrace: frames.iter().map(place).collect(), last_words, ..fault }
}

/// A frame as text: the function's name without the additions of compilers, or its number.
fn place(frame: &FrameInfo) -> String {
    let module = frame.module().name().unwrap_or("a module without a name");
    let function = match frame.func_name() {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    };
    let offset = frame.module_offset().map(|offset| format!(" +{offset:#x}")).unwrap_or_default();
    engine_words(&format!("{function} ({module}{offset})"))
}

/// Returns true if the backtrace of a trap consists of a few functions over and over. A guest that keeps its stack in
/// linear memory ends with an access out of bounds, which the engine does not call a stack overflow.
fn is_recursion(frames: &[FrameInfo]) -> bool {
    /// The number of frames that the engine keeps.
    const DEEP: usize = 20;
    let functions: BTreeSet<_> = frames.iter().map(FrameInfo::func_index).collect();
    frames.len() >= DEEP && functions.len() <= DEEP / 4
}

fn classify_without_place(error: &wasmtime::Error, signs: &Signs, frames: &[FrameInfo]) -> Fault {
    if error.downcast_ref::<BudgetSpent>().is_some() {
        return Fault::new(FailureReason::Timeout, "used up its computing time");
    }
    if error.downcast_ref::<ConfigurationRefused>().is_some() {
        return Fault::new(FailureReason::Failed, "refuses the configuration that it took before");
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return Fault::new(FailureReason::Busy, "no free place for another instance");
    }
    if error.downcast_ref::<I32Exit>().is_some() {
        let words = if signs.printed.is_some() { ": its log has what it printed" } else { "" };
        return Fault::new(FailureReason::Trap, format!("ended itself (exit){words}"));
    }
    if signs.memory_refused {
        return Fault::new(
            FailureReason::Memory,
            format!("asked for more memory than it gets, {} MiB in all", signs.memory_limit >> 20),
        );
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => {
            Fault::new(FailureReason::Trap, "call stack exhausted: recursion too deep")
        }
        Some(Trap::MemoryOutOfBounds) if is_recursion(frames) => {
            Fault::new(FailureReason::Trap, "call stack exhausted: recursion too deep")
        }
        Some(Trap::UnreachableCodeReached) if signs.panic.is_some() => {
            Fault::new(FailureReason::Trap, "ended itself (panic): its log has the panic's text and place")
        }
        Some(Trap::UnreachableCodeReached) if signs.printed.is_some() => {
            Fault::new(FailureReason::Trap, "ended itself (abort or exception): its log has what it printed")
        }
        Some(Trap::UnreachableCodeReached) => {
            Fault::new(FailureReason::Trap, "ended itself (abort or unreachable code)")
        }
        Some(trap) => Fault::new(FailureReason::Trap, engine_words(&trap.to_string())),
        // The engine has no error type for this.
        None if error.root_cause().to_string().contains("handle limit exceeded") => {
            Fault::new(FailureReason::Memory, "made too many handles of resources")
        }
        // Not a trap: the values that the guest passed could not be read.
        None => Fault::invalid_output(engine_words(&error.root_cause().to_string())),
    }
}

/// An engine's message as one displayable line of bounded length. It may quote names from a component.
pub(crate) fn engine_words(message: &str) -> String {
    let line: String = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    text::cut(&text::displayable(&line), 300).to_owned()
}
