//! Memory limits of one instance, over everything that it contains.

use wasmtime::ResourceLimiter;

/// Maximum number of core instances in one component instance. Encoders create a handful: the code,
/// its adapters and the shims between them; an interpreter with its libraries has about forty.
pub(crate) const MAX_CORE_INSTANCES: u32 = 64;
/// Maximum number of memories in one component instance.
pub(crate) const MAX_MEMORIES: u32 = 8;
/// Maximum number of tables in one component instance.
pub(crate) const MAX_TABLES: u32 = 32;
/// Maximum number of elements of one table.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 65_536;
/// Maximum number of live resource handles in one instance.
pub(crate) const MAX_HANDLES: usize = 4_096;

/// Size of a table element in bytes.
const ELEMENT_BYTES: usize = size_of::<usize>();

/// Limits the total size of all memories and tables of one store. A limit per memory would be
/// useless, because an instance may have several.
///
/// Granted bytes stay counted even if the growth then fails. wasmtime reports failures without a
/// preceding grant in the same way, so returning bytes would let a guest shrink its count at will.
#[derive(Debug)]
pub(crate) struct TotalLimiter {
    limit: usize,
    used: usize,
    refused: bool,
}

impl TotalLimiter {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0, refused: false }
    }

    /// Returns true if a growth was ever refused: later failures then count as a lack of memory.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    /// Total size of all memories and tables in bytes. They never shrink, so this is also the peak.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Bytes that the memories and tables may still grow by.
    pub(crate) fn left(&self) -> usize {
        self.limit - self.used
    }

    fn take(&mut self, bytes: usize) -> bool {
        let fits = self.used.checked_add(bytes).is_some_and(|total| total <= self.limit);
        if fits {
            self.used += bytes;
        } else {
            self.refused = true;
        }
        fits
    }
}

impl ResourceLimiter for TotalLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Beyond the declared maximum, or beyond the slot: the growth fails anyway, so it is not counted.
        if maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = true;
            return Ok(false);
        }
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > MAX_TABLE_ELEMENTS || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = true;
            return Ok(false);
        }
        Ok(self.take(desired.saturating_sub(current).saturating_mul(ELEMENT_BYTES)))
    }

    fn instances(&self) -> usize {
        MAX_CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        MAX_TABLES as usize
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_one_total() {
        let mut limiter = TotalLimiter::new(1_000);
        assert!(limiter.memory_growing(0, 600, None).expect("an answer"));
        assert!(!limiter.memory_growing(0, 600, None).expect("an answer"), "a second memory counts too");
        assert!(limiter.table_growing(0, 50, None).expect("an answer"));
        assert!(!limiter.table_growing(50, 51, None).expect("an answer"), "1,000 bytes are used");
        assert!(limiter.refused());
        assert_eq!(limiter.used(), 1_000);
    }

    #[test]
    fn failed_growth_never_lowers_the_count() {
        let mut limiter = TotalLimiter::new(1_000);
        assert!(limiter.memory_growing(0, 1_000, None).expect("an answer"));
        limiter.memory_grow_failed(wasmtime::Error::msg("beyond the type")).expect("an answer");
        assert!(!limiter.memory_growing(1_000, 1_001, None).expect("an answer"));
    }

    #[test]
    fn growth_beyond_its_own_declaration_costs_nothing() {
        let mut limiter = TotalLimiter::new(1_000);
        assert!(!limiter.memory_growing(0, 900, Some(500)).expect("an answer"));
        assert!(limiter.refused());
        assert!(limiter.memory_growing(0, 500, Some(500)).expect("an answer"));
    }
}
