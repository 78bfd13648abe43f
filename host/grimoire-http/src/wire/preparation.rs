//! The preparation of spells by matchers.

use grimoire_pipeline::Preparation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::diagnosis::ProblemBody;

/// What a matcher has prepared of the active spells.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginPreparation)]
pub struct PreparationBody {
    /// The number of spells that it gets prepared.
    pub spells: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The number of spells that it gets as they are written, because it could not prepare them or because enough are
    /// prepared.
    pub missing: u64,
    /// Its last failure to prepare a spell.
    #[schema(required = true)]
    pub last_problem: Option<ProblemBody>,
}

impl From<Preparation> for PreparationBody {
    fn from(preparation: Preparation) -> Self {
        let Preparation { spells, bytes, missing, last_problem } = preparation;
        Self { spells, bytes, missing, last_problem: last_problem.map(ProblemBody::from) }
    }
}
