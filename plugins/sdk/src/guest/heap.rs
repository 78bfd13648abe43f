//! The heap of a plugin, tuned for instances that live for one call.
//!
//! A memory that grows costs the host a system call, and all its pages are zeroed when the call
//! ends. So the heap begins with the unused part of the initial memory, and grows by no less than
//! [`STEP`]. The standard library's allocator does neither.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::ptr::NonNull;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::min_first_heap_size;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// Size of a memory page in bytes.
const PAGE: usize = 64 << 10;
/// Minimum number of pages by which the memory grows.
const STEP: usize = 4;
/// An upper bound of the allocator's overhead per allocation, in bytes.
const OVERHEAD: usize = 256;

unsafe extern "C" {
    /// The end of the linker's static data: only its address has a meaning.
    static __heap_base: u8;
}

#[global_allocator]
static HEAP: Heap = Heap(TalcSyncCell::new_wasm(Memory { end: None }));

/// The allocator, not inlined: inlining made components up to a third larger and no faster.
struct Heap(TalcSyncCell<Memory, WasmBinning>);

// SAFETY: forwards every call unchanged.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { self.0.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, allocation: *mut u8, layout: Layout) {
        unsafe { self.0.dealloc(allocation, layout) }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, allocation: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { self.0.realloc(allocation, layout, size) }
    }
}

/// The instance's linear memory after the static data.
#[derive(Debug)]
struct Memory {
    /// The end of the memory that the allocator has, once it has any.
    end: Option<NonNull<u8>>,
}

// SAFETY: nothing here allocates, or accesses the allocator other than through the given reference.
unsafe impl Source for Memory {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let end = match talc.source.end {
            None => {
                let base = (&raw const __heap_base).cast_mut();
                let mut bytes = memory_size(0) * PAGE - base.addr();
                if bytes < min_first_heap_size::<B>() {
                    grow(layout)?;
                    bytes = memory_size(0) * PAGE - base.addr();
                }
                // SAFETY: the linker places nothing between the base and the end of the memory.
                unsafe { talc.claim(base, bytes) }
            }
            Some(end) => {
                let (grown, bytes) = grow(layout)?;
                if end.as_ptr() == grown {
                    // SAFETY: the memory was just added, directly after the memory that the allocator has.
                    Some(unsafe { talc.extend(end, grown.wrapping_add(bytes)) })
                } else {
                    // SAFETY: the memory was just added. Somebody else took the memory before it.
                    unsafe { talc.claim(grown, bytes) }
                }
            }
        };
        talc.source.end = Some(end.ok_or(())?);
        Ok(())
    }
}

/// Grows the memory for an allocation; returns the start of the new part, and its size in bytes. `Err` if
/// the host allows no more.
fn grow(layout: Layout) -> Result<(*mut u8, usize), ()> {
    let needed = layout.size().checked_add(layout.align() + OVERHEAD).ok_or(())?;
    let pages = needed.div_ceil(PAGE).max(STEP);
    match memory_grow(0, pages) {
        // The last page of the address space stays unused: its end has no address.
        before if before.saturating_add(pages) > usize::MAX / PAGE => Err(()),
        before => Ok((core::ptr::with_exposed_provenance_mut(before * PAGE), pages * PAGE)),
    }
}
