//! Query parameters whose errors name the parameter.

use std::collections::BTreeMap;
use std::num::IntErrorKind;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use grimoire_domain::page::PageRequest;
use grimoire_domain::validation::{Checker, FieldErrors};

use crate::error::ApiError;

/// The most bytes of a query string. It comes back in `Link`, up to four times.
const MAXIMUM_QUERY: usize = 4_096;

/// The parameters of a query string; the last one wins where a name stands twice.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        if parts.uri.query().is_some_and(|query| query.len() > MAXIMUM_QUERY) {
            let message = format!("must have at most {MAXIMUM_QUERY} bytes");
            return Err(ApiError::fields(&FieldErrors::one("query", message)));
        }
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::fields(&FieldErrors::one("query", "is not a valid query string")))?;
        Ok(Self(pairs.into_iter().collect()))
    }
}

impl Parameters {
    /// A parameter as text; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A parameter as a number or another parsed value.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, FieldErrors> {
        self.text(name)
            .map(|value| {
                value.parse().map_err(|_| {
                    FieldErrors::one(name, format!("must be {wanted}, is {:?}", crate::shorten(value)))
                })
            })
            .transpose()
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, FieldErrors> {
        let Some(value) = self.text(name) else { return Ok(None) };
        choices.iter().find(|(word, _)| *word == value).map(|(_, choice)| Some(*choice)).ok_or_else(|| {
            let words = choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            FieldErrors::one(name, format!("must be one of {words}, is {:?}", crate::shorten(value)))
        })
    }

    /// `skip` and `limit`.
    pub(crate) fn page(&self) -> Result<PageRequest, FieldErrors> {
        let mut checker = Checker::default();
        let whole = |name: &str, checker: &mut Checker| match self.text(name) {
            None => None,
            Some(value) => {
                let number = value.parse::<u64>();
                if let Err(error) = &number {
                    let given = crate::shorten(value);
                    checker.reject(
                        name,
                        match error.kind() {
                            IntErrorKind::PosOverflow => format!("must be at most {}, is {given}", u64::MAX),
                            _ => format!("must be a whole number from 0, is {given:?}"),
                        },
                    );
                }
                number.ok()
            }
        };
        let skip = whole("skip", &mut checker).unwrap_or(0);
        let limit = whole("limit", &mut checker).unwrap_or(u64::from(PageRequest::DEFAULT_LIMIT));
        checker.finish(())?;
        PageRequest::new(skip, u32::try_from(limit).unwrap_or(u32::MAX))
    }

    /// The same query string with another page.
    pub(crate) fn with_page(&self, skip: u64, limit: u32) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "skip" | "limit")) {
            query.append_pair(name, value);
        }
        query.append_pair("skip", &skip.to_string()).append_pair("limit", &limit.to_string());
        query.finish()
    }
}
