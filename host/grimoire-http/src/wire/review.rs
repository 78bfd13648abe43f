//! Reviews on the wire.

use grimoire_domain::review::Review;
use serde::Serialize;
use utoipa::ToSchema;

use super::diagnosis::DiagnosisBody;

/// The result of analyzing one pull request at one head commit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewBody {
    /// `owner/name`.
    #[schema(example = "octo/app")]
    pub repository: String,
    /// The pull request's number.
    pub number: u64,
    /// The head commit.
    pub head_sha: String,
    /// The job that wrote the review last.
    pub job_id: u64,
    /// The web page of the comment, once posted.
    #[schema(required = true)]
    pub comment_url: Option<String>,
    /// The time of the first write.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time of the last write.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The findings.
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
