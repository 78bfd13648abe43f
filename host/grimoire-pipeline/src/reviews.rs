//! What was concluded about pull requests.

use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{Review, ReviewKey};

use crate::{Pipeline, PipelineError};

impl Pipeline {
    /// The review of a pull request at one head commit. `NotFound`.
    pub async fn get_review(&self, key: &ReviewKey) -> Result<Review, PipelineError> {
        Ok(self.ports().store.get_review(key).await?)
    }

    /// The review of a pull request that was written last, if any.
    pub async fn latest_review(&self, id: &PullRequestId) -> Result<Option<Review>, PipelineError> {
        Ok(self.ports().store.latest_review(id).await?)
    }

    /// Reviews, last written first; of one repository where given.
    pub async fn list_reviews(
        &self,
        repository: Option<&RepositoryName>,
        page: PageRequest,
    ) -> Result<Page<Review>, PipelineError> {
        Ok(self.ports().store.list_reviews(repository, page).await?)
    }
}
