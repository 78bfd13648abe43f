//! Reading reviews of pull requests.

use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{Review, ReviewKey};

use crate::{Pipeline, PipelineError};

impl Pipeline {
    /// Returns the review of a pull request at one head commit. Fails with `NotFound`.
    pub async fn get_review(&self, key: &ReviewKey, actor: &Actor) -> Result<Review, PipelineError> {
        actor.require(Permission::Read)?;
        Ok(self.ports().store.get_review(key).await?)
    }

    /// Returns the last written review of a pull request, if any.
    pub async fn latest_review(
        &self,
        id: &PullRequestId,
        actor: &Actor,
    ) -> Result<Option<Review>, PipelineError> {
        actor.require(Permission::Read)?;
        Ok(self.ports().store.latest_review(id).await?)
    }

    /// Lists reviews, the last written first; only those of `repository` if given.
    pub async fn list_reviews(
        &self,
        repository: Option<&RepositoryName>,
        page: PageRequest,
        actor: &Actor,
    ) -> Result<Page<Review>, PipelineError> {
        actor.require(Permission::Read)?;
        Ok(self.ports().store.list_reviews(repository, page).await?)
    }
}
