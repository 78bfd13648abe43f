//! A call about a repository, as an extractor for most routes.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::response::IntoResponse;
use axum::{Extension, RequestPartsExt as _};
use http::header::{HeaderValue, LINK};
use http::request::Parts;
use http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::{Answer, answer, error, not_found};
use crate::fake_github::Shared;
use crate::fake_github::server::Viewer;
use crate::fake_github::state::{Repository, State};

/// The caller, the repository, and the requested page.
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) viewer: Viewer,
    /// `owner/name`.
    pub(super) repository: String,
    parameters: HashMap<String, String>,
    uri: Uri,
}

/// The input of a response.
pub(super) struct View<'a> {
    pub(super) state: &'a State,
    pub(super) repository: &'a Repository,
    /// The URL of the API, for links.
    pub(super) api: &'a str,
}

impl FromRequestParts<Arc<Shared>> for Call {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Answer> {
        let Path(path) = extracted::<Path<HashMap<String, String>>>(parts).await?;
        let Query(parameters) = extracted(parts).await?;
        let Extension(viewer) = extracted(parts).await?;
        Ok(Self {
            shared: Arc::clone(shared),
            viewer,
            repository: format!("{}/{}", path["owner"], path["name"]),
            parameters,
            uri: parts.uri.clone(),
        })
    }
}

async fn extracted<T: FromRequestParts<()> + 'static>(parts: &mut Parts) -> Result<T, Answer> {
    parts.extract::<T>().await.map_err(IntoResponse::into_response)
}

impl Call {
    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The repository, if it exists and is visible to the caller.
    pub(super) fn visible<'a>(&self, state: &'a State) -> Option<&'a Repository> {
        let repository = state.repositories.get(&self.repository)?;
        (!repository.private || self.viewer == Viewer::Account).then_some(repository)
    }

    /// The refusal of a write without a token.
    pub(super) fn refuse_anonymous(&self) -> Option<Answer> {
        let anonymous = self.viewer == Viewer::Anonymous;
        anonymous.then(|| error(StatusCode::UNAUTHORIZED, "Requires authentication"))
    }

    /// Builds a response from what is visible; 404 if there is nothing.
    pub(super) fn about(&self, answer: impl FnOnce(View<'_>) -> Option<Answer>) -> Answer {
        let state = self.shared.state();
        let api = self.shared.api_url();
        let view = self.visible(&state).map(|repository| View { state: &state, repository, api: &api });
        view.and_then(answer).unwrap_or_else(not_found)
    }

    /// Responds with one object; 404 if there is none.
    pub(super) fn object(&self, object: impl FnOnce(&View<'_>) -> Option<Value>) -> Answer {
        self.about(|view| Some(answer(StatusCode::OK, &object(&view)?)))
    }

    /// Responds with the requested page of a list; 404 if there is no list. With `wrap`, the list is
    /// that field of an object with a count.
    pub(super) fn list(
        &self,
        wrap: Option<&str>,
        items: impl FnOnce(&View<'_>) -> Option<Vec<Value>>,
    ) -> Answer {
        self.about(|view| Some(self.page(items(&view)?, wrap, view.api)))
    }

    /// One page of a list, with the links to the others.
    pub(super) fn page(&self, items: Vec<Value>, wrap: Option<&str>, api: &str) -> Answer {
        let number = |name: &str| self.parameter(name).and_then(|value| value.parse::<usize>().ok());
        let size = number("per_page").filter(|size| *size > 0).unwrap_or(30).min(100);
        let page = number("page").unwrap_or(1).max(1);
        let total = items.len();
        let last = total.div_ceil(size).max(1);
        let items: Vec<Value> = items.into_iter().skip((page - 1) * size).take(size).collect();
        let body = match wrap {
            None => Value::from(items),
            Some(field) => json!({"total_count": total, field: items}),
        };
        let mut response = answer(StatusCode::OK, &body);
        let kept: Vec<&str> = self
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
            .collect();
        let link = |page: usize, relation: &str| {
            let page = format!("page={page}");
            let query = [kept.as_slice(), &[&page]].concat().join("&");
            format!("<{api}{}?{query}>; rel=\"{relation}\"", self.uri.path())
        };
        let mut links = Vec::new();
        if page > 1 {
            links.push(link(page - 1, "prev"));
        }
        if page < last {
            links.extend([link(page + 1, "next"), link(last, "last")]);
        }
        if page > 1 {
            links.push(link(1, "first"));
        }
        if let (false, Ok(links)) = (links.is_empty(), HeaderValue::try_from(links.join(", "))) {
            response.headers_mut().insert(LINK, links);
        }
        response
    }
}
