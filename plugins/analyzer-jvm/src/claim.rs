//! Who may still read a line.

/// The readers that may take a line while a block is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// No block is open.
    None,
    /// The line belongs to the block; compilers may have printed it first.
    Shared,
    /// The line belongs to the block only: Gradle's own stack, hints.
    Whole,
}
