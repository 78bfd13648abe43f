//! Reviews on the wire.

use grimoire_domain::review::Review;
use serde::Serialize;
use utoipa::ToSchema;

use super::diagnosis::DiagnosisBody;

/// What Grimoire concluded about one pull request at one head commit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReviewBody {
    /// `owner/name`.
    #[schema(example = "octo/app")]
    pub repository: String,
    /// The pull request's number.
    pub number: u64,
    /// The head commit.
    pub head_sha: String,
    /// The last job that wrote it.
    pub job_id: u64,
    /// Where the comment is, once posted.
    pub comment_url: Option<String>,
    /// When it was first written.
    pub created_at: String,
    /// When it was last written.
    pub updated_at: String,
    /// What was found.
    pub diagnosis: DiagnosisBody,
}

impl From<Review> for ReviewBody {
    fn from(review: Review) -> Self {
        Self {
            repository: review.key.pull_request.repository.to_string(),
            number: review.key.pull_request.number,
            head_sha: review.key.head_sha.to_string(),
            job_id: review.job.0,
            comment_url: review.comment.and_then(|comment| comment.url),
            created_at: review.created_at.to_string(),
            updated_at: review.updated_at.to_string(),
            diagnosis: review.diagnosis.into(),
        }
    }
}
