//! Query parameters as typed structs. The entries of the OpenAPI document are generated from the same structs, so that
//! code and document cannot differ.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::FromRequestParts;
use axum::http::header::LINK;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use grimoire_domain::page::PageRequest;
use grimoire_domain::validation::{Checker, FieldErrors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{Schema, SchemaType, Type};

use crate::error::ApiError;

/// Maximum length of a query string in bytes. It is repeated in `Link`, up to four times.
const MAXIMUM_QUERY: usize = 4_096;

/// Number of items in the whole list, under the same filter.
pub(crate) const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// The query string as `T`, whose fields are all optional. 422 names every parameter that is unknown, malformed or given
/// more than once. An empty text counts as absent.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut checker = Checker::default();
        let given = pairs(parts, &mut checker)?;
        let known = parameters::<T>();
        reject_unknown(&given, &known, &mut checker);
        let value = read(&given, &known, &mut checker);
        Ok(Self(finish(checker, value)?))
    }
}

/// The largest integer of the API's document: its 64-bit integers have a sign.
const MAXIMUM_SKIP: u64 = i64::MAX.unsigned_abs();

/// A page of a list with the filter `T`, as [`Query`].
#[derive(Debug)]
pub(crate) struct Paged<T> {
    pub(crate) page: PageRequest,
    pub(crate) filter: T,
    given: BTreeMap<String, String>,
}

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Paged<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut checker = Checker::default();
        let given = pairs(parts, &mut checker)?;
        let (window, filter) = (parameters::<PageQuery>(), parameters::<T>());
        let known: Vec<Parameter> = window.iter().chain(&filter).cloned().collect();
        reject_unknown(&given, &known, &mut checker);
        let page = read(&given, &window, &mut checker).and_then(|PageQuery { skip, limit }| {
            if skip > MAXIMUM_SKIP {
                checker.reject("skip", format!("must be at most {MAXIMUM_SKIP}"));
            }
            PageRequest::new(skip, limit).map_err(|errors| checker.append(errors)).ok()
        });
        let filter = read(&given, &filter, &mut checker);
        let (page, filter) = finish(checker, page.zip(filter))?;
        Ok(Self { page, filter, given })
    }
}

impl<T> Paged<T> {
    /// `X-Total-Count`, and `Link` with the other pages under the same filter.
    pub(crate) fn headers(&self, path: &str, total: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TOTAL_COUNT, HeaderValue::from(total));
        let (skip, limit) = (self.page.skip(), u64::from(self.page.limit()));
        let link =
            |skip: u64, relation: &str| format!("<{path}?{}>; rel=\"{relation}\"", self.query_at(skip));
        let mut links = Vec::new();
        if skip > 0 {
            links.push(link(0, "first"));
            links.push(link(skip.min(total).saturating_sub(limit), "prev"));
        }
        if skip.saturating_add(limit) < total {
            links.push(link(skip + limit, "next"));
            links.push(link((total - 1) / limit * limit, "last"));
        }
        if !links.is_empty()
            && let Ok(value) = HeaderValue::from_str(&links.join(", "))
        {
            headers.insert(LINK, value);
        }
        headers
    }

    /// The same query string for another page.
    fn query_at(&self, skip: u64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.given.iter().filter(|(name, _)| !matches!(name.as_str(), "skip" | "limit"))
        {
            query.append_pair(name, value);
        }
        query.append_pair("skip", &skip.to_string()).append_pair("limit", &self.page.limit().to_string());
        query.finish()
    }
}

/// The part of a list to return.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Number of items to skip.
    #[param(required = false, default = 0)]
    skip: u64,
    /// Maximum number of items to return.
    #[param(required = false, default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { skip: 0, limit: PageRequest::DEFAULT_LIMIT }
    }
}

fn parameters<T: IntoParams>() -> Vec<Parameter> {
    T::into_params(|| Some(ParameterIn::Query))
}

/// The parameters by name. One that is given more than once is reported: which of its values is meant would be a guess.
fn pairs(parts: &Parts, checker: &mut Checker) -> Result<BTreeMap<String, String>, FieldErrors> {
    let query = parts.uri.query().unwrap_or_default();
    if query.len() > MAXIMUM_QUERY {
        return Err(FieldErrors::one("query", format!("must have at most {MAXIMUM_QUERY} bytes")));
    }
    let mut given = BTreeMap::new();
    let mut repeated = BTreeSet::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let (name, value) = (name.into_owned(), value.trim().to_owned());
        if name.is_empty() && value.is_empty() {
            continue;
        }
        if given.insert(name.clone(), value).is_some() {
            repeated.insert(name);
        }
    }
    for name in repeated {
        // Its last value is not judged as well.
        given.remove(&name);
        checker.reject(crate::shorten(&name), "is given more than once; give it once".to_owned());
    }
    Ok(given)
}

fn reject_unknown(given: &BTreeMap<String, String>, known: &[Parameter], checker: &mut Checker) {
    let names: BTreeSet<&str> = known.iter().map(|parameter| parameter.name.as_str()).collect();
    let there_are = if names.is_empty() {
        "there are none here".to_owned()
    } else {
        format!("there are {}", names.iter().copied().collect::<Vec<_>>().join(", "))
    };
    for name in given.keys().filter(|name| !names.contains(name.as_str())) {
        checker.reject(crate::shorten(name), format!("is not a parameter; {there_are}"));
    }
}

/// Reads the parameters of `T`. A malformed one is reported and left out, so that the others are checked too.
fn read<T: DeserializeOwned>(
    given: &BTreeMap<String, String>,
    known: &[Parameter],
    checker: &mut Checker,
) -> Option<T> {
    let mut rest: BTreeMap<&str, &str> = known
        .iter()
        .filter_map(|parameter| {
            let value = given.get(&parameter.name)?;
            (!value.is_empty() || !is_text(parameter)).then_some((parameter.name.as_str(), value.as_str()))
        })
        .collect();
    loop {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&rest).finish();
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        let error = match serde_path_to_error::deserialize(deserializer) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let name = error.path().to_string();
        let Some(value) = rest.remove(name.as_str()) else {
            checker.reject("query", error.into_inner().to_string());
            return None;
        };
        let wanted = known.iter().find(|parameter| parameter.name == name).and_then(wanted);
        let wanted = wanted.unwrap_or_else(|| format!("valid ({})", error.inner()));
        checker.reject(name, format!("must be {wanted}, is {:?}", crate::shorten(value)));
    }
}

fn finish<T>(checker: Checker, value: Option<T>) -> Result<T, FieldErrors> {
    checker.finish(())?;
    value.ok_or_else(|| FieldErrors::one("query", "is not a valid query string"))
}

/// Returns true for texts without a list of valid words.
fn is_text(parameter: &Parameter) -> bool {
    matches!(&parameter.schema, Some(RefOr::T(Schema::Object(schema)))
        if schema.enum_values.is_none() && schema.schema_type == SchemaType::Type(Type::String))
}

/// Describes the valid values of a parameter, from the OpenAPI document.
fn wanted(parameter: &Parameter) -> Option<String> {
    let Some(RefOr::T(Schema::Object(schema))) = &parameter.schema else { return None };
    if let Some(words) = &schema.enum_values {
        let words: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        return Some(format!("one of {}", words.join(", ")));
    }
    (schema.schema_type == SchemaType::Type(Type::Integer)).then(|| "a whole number from 0".to_owned())
}
