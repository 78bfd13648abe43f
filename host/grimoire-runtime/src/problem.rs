//! Why a plugin did not do its part, and how that is told from what the engine reports.

use grimoire_domain::review::PluginProblem;
use grimoire_domain::text;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

/// The stable words of [`PluginProblem::reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It ended itself: an unreachable instruction, an access out of bounds, too deep a recursion.
    Trap,
    /// It used up its time.
    Timeout,
    /// It asked for more memory than it may have.
    Memory,
    /// What it returned breaks the contract.
    InvalidOutput,
    /// It was not called: it rests after failures, or it cannot be loaded, or its input is too large.
    Refused,
    /// There was no free place for it in time.
    Busy,
    /// It said that it failed, or the host did.
    Failed,
    /// It does not handle this kind of input.
    Unsupported,
}

impl Reason {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Unsupported as usize + 1;

    /// The word in problems, counters and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::InvalidOutput => "invalid_output",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Unsupported => "unsupported",
        }
    }

    /// Whether it speaks against the plugin: a full host and an honest refusal do not.
    pub(crate) fn is_fault(self) -> bool {
        match self {
            Self::Trap | Self::Timeout | Self::Memory | Self::InvalidOutput | Self::Failed => true,
            Self::Refused | Self::Busy | Self::Unsupported => false,
        }
    }
}

/// A failed call, before it has the plugin's name. The detail holds no text of a guest or its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(crate) fn invalid_output(detail: impl Into<String>) -> Self {
        Self::new(Reason::InvalidOutput, detail)
    }

    /// With the name of the plugin.
    pub(crate) fn of(self, plugin: &str) -> PluginProblem {
        PluginProblem {
            plugin: plugin.to_owned(),
            reason: self.reason.as_str().to_owned(),
            detail: self.detail,
        }
    }
}

/// The epoch callback's word for a spent budget.
#[derive(Debug, thiserror::Error)]
#[error("the computing time is used up")]
pub(crate) struct BudgetSpent;

/// Reads an engine's error. `memory_refused`: whether the plugin had been refused memory before.
pub(crate) fn classify(error: &wasmtime::Error, memory_refused: bool, limit: usize) -> Fault {
    if error.downcast_ref::<BudgetSpent>().is_some() {
        return Fault::new(Reason::Timeout, "used up its computing time");
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return Fault::new(Reason::Busy, "no free place for another instance");
    }
    if error.downcast_ref::<I32Exit>().is_some() {
        return Fault::new(Reason::Trap, "ended itself (exit)");
    }
    if memory_refused {
        return Fault::new(
            Reason::Memory,
            format!("asked for more memory than it gets, {} MiB in all", limit >> 20),
        );
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Fault::new(Reason::Trap, "call stack exhausted: recursion too deep"),
        Some(Trap::UnreachableCodeReached) => {
            Fault::new(Reason::Trap, "ended itself (panic, abort or unreachable code)")
        }
        Some(trap) => Fault::new(Reason::Trap, engine_words(&trap.to_string())),
        // The engine has no type of its own for this.
        None if error.root_cause().to_string().contains("handle limit exceeded") => {
            Fault::new(Reason::Memory, "made too many handles of resources")
        }
        // No trap: the values that it passed could not be read.
        None => Fault::invalid_output(engine_words(&error.root_cause().to_string())),
    }
}

/// An engine's message as one displayable line of bounded length. It may quote a component's names.
pub(crate) fn engine_words(message: &str) -> String {
    let line: String = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    text::cut(&text::displayable(&line), 300).to_owned()
}
