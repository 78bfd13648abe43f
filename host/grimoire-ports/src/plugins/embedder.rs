//! Embedders: the input is texts, the output vectors.

use async_trait::async_trait;
use grimoire_domain::review::PluginIdentity;

use super::PluginError;

/// Maximum number of texts of one call.
pub const MAX_TEXTS: usize = 64;
/// Maximum length of a text in bytes; the rest is cut.
pub const MAX_TEXT_BYTES: usize = 16 << 10;

/// What the texts of a call are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Stored spells.
    Spell,
    /// Errors of a run.
    Error,
}

/// The space that the vectors of an embedder lie in: only vectors of the same space may be compared. Another component
/// or another configuration makes another space.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VectorSpace {
    /// What identifies it: 64 hexadecimal digits.
    pub digest: String,
    /// The number of components of each vector; from 1.
    pub dimension: usize,
}

/// The result of an embedder.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// One vector for each text, in their order. Each has the dimension of the space and finite components, and its
    /// length is 1 or 0.
    pub vectors: Vec<Vec<f32>>,
    /// The embedder.
    pub plugin: PluginIdentity,
}

/// Runs embedders.
#[async_trait]
pub trait Embedders: Send + Sync {
    /// The vector space of an embedder; `None` if no embedder of this name is loaded.
    fn space(&self, embedder: &str) -> Option<VectorSpace>;

    /// Embeds at most [`MAX_TEXTS`] texts with the named embedder.
    async fn embed(
        &self,
        embedder: &str,
        subject: Subject,
        texts: Vec<String>,
    ) -> Result<Embedding, PluginError>;
}
