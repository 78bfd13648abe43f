//! Validates the output of plugins of every world and version: each bound that
//! `wit/types/types.wit` and the `.wit` files of the worlds document. Nothing is repaired; the message
//! names the field and the rule and quotes nothing.

mod description;
mod diagnostic;
mod facts;
mod prepared;
mod text;
mod vectors;
mod verdict;

pub(crate) use description::{check_analyzer, check_embedder, check_identity};
pub(crate) use diagnostic::check_diagnostics;
pub(crate) use facts::is_fact_name;
pub(crate) use prepared::check_prepared;
pub(crate) use vectors::check_vectors;
pub(crate) use verdict::check_verdicts;

/// Bounds of `types.wit`, which the host also keeps when it passes a diagnostic to a plugin.
pub(crate) mod bounds {
    pub(crate) const TOOL: usize = 64;
    pub(crate) const ERROR_TYPE: usize = 100;
    pub(crate) const CODE: usize = 128;
    pub(crate) const TEST: usize = 512;
    pub(crate) const MESSAGE: usize = 8_192;
    pub(crate) const CONTEXT: usize = 16_384;
    pub(crate) const FRAMES: usize = 256;
    pub(crate) const FUNCTION: usize = 512;
    pub(crate) const FRAME_TEXT: usize = 2_048;
    pub(crate) const PATH: usize = 1_024;
    pub(crate) const FACTS: usize = 32;
    pub(crate) const FACT_NAME: usize = 64;
    pub(crate) const FACT_VALUE: usize = 1_024;
}

/// An error in an output: a sentence that begins with the field.
pub(crate) type Broken = String;
