//! Pagination of long lists.

use serde::{Deserialize, Serialize};

use crate::validation::{Checker, FieldErrors};

/// A window of a list: an offset and a maximum number of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    skip: u64,
    limit: u32,
}

impl PageRequest {
    /// Maximum number of items per page.
    pub const MAXIMUM_LIMIT: u32 = 1_000;
    /// Default number of items per page.
    pub const DEFAULT_LIMIT: u32 = 100;

    /// `limit` is from 1 to [`Self::MAXIMUM_LIMIT`].
    pub fn new(skip: u64, limit: u32) -> Result<Self, FieldErrors> {
        let mut checker = Checker::default();
        if limit == 0 || limit > Self::MAXIMUM_LIMIT {
            checker.reject("limit", format!("must be from 1 to {}, is {limit}", Self::MAXIMUM_LIMIT));
        }
        checker.finish(Self { skip, limit })
    }

    /// Number of items to skip.
    pub fn skip(self) -> u64 {
        self.skip
    }

    /// Maximum number of items to return.
    pub fn limit(self) -> u32 {
        self.limit
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { skip: 0, limit: Self::DEFAULT_LIMIT }
    }
}

/// One page of items, and the total count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items of this page, in the list's order.
    pub items: Vec<T>,
    /// Number of items in the whole list under the same filter.
    pub total: u64,
}
