//! Pages of long lists.

use serde::{Deserialize, Serialize};

use crate::validation::{Checker, FieldErrors};

/// A window on a list: skip so many, then take at most so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    skip: u64,
    limit: u32,
}

impl PageRequest {
    /// The most that one page holds.
    pub const MAXIMUM_LIMIT: u32 = 1_000;
    /// What a page holds unless told otherwise.
    pub const DEFAULT_LIMIT: u32 = 100;

    /// `limit` is 1 to [`Self::MAXIMUM_LIMIT`].
    pub fn new(skip: u64, limit: u32) -> Result<Self, FieldErrors> {
        let mut checker = Checker::default();
        if limit == 0 || limit > Self::MAXIMUM_LIMIT {
            checker.reject("limit", format!("must be from 1 to {}, is {limit}", Self::MAXIMUM_LIMIT));
        }
        checker.finish(Self { skip, limit })
    }

    /// How many to pass over.
    pub fn skip(self) -> u64 {
        self.skip
    }

    /// How many to return at most.
    pub fn limit(self) -> u32 {
        self.limit
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { skip: 0, limit: Self::DEFAULT_LIMIT }
    }
}

/// One page, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items of this page, in the list's order.
    pub items: Vec<T>,
    /// How many the whole list has under the same filter.
    pub total: u64,
}
