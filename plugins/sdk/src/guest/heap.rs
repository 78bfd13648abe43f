//! The heap of a plugin, tuned for instances that live for one call.
//!
//! A memory that grows costs the host a system call, and every page of it is zeroed when the call
//! ends. So the heap begins with what is left of the memory that the instance starts with, and grows
//! by no less than [`STEP`]. The standard library's allocator does neither.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::ptr::NonNull;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::min_first_heap_size;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// Bytes of a page of memory.
const PAGE: usize = 64 << 10;
/// The fewest pages by which the memory grows.
const STEP: usize = 4;
/// More than what the allocator writes around an allocation, in bytes.
const OVERHEAD: usize = 256;

unsafe extern "C" {
    /// Where the linker's static data end: only its address means something.
    static __heap_base: u8;
}

#[global_allocator]
static HEAP: Heap = Heap(TalcSyncCell::new_wasm(Memory { end: None }));

/// The allocator, kept out of line: inlined it made components up to a third larger and no faster.
struct Heap(TalcSyncCell<Memory, WasmBinning>);

// SAFETY: passes everything on.
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

/// The instance's linear memory behind the static data.
#[derive(Debug)]
struct Memory {
    /// The end of what the allocator has, once it has anything.
    end: Option<NonNull<u8>>,
}

// SAFETY: nothing here allocates, or reaches the allocator in another way than by the given reference.
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
                // SAFETY: the linker puts nothing between the base and the end of the memory.
                unsafe { talc.claim(base, bytes) }
            }
            Some(end) => {
                let (grown, bytes) = grow(layout)?;
                if end.as_ptr() == grown {
                    // SAFETY: the memory was just made, right behind what the allocator has.
                    Some(unsafe { talc.extend(end, grown.wrapping_add(bytes)) })
                } else {
                    // SAFETY: the memory was just made. Somebody else took what lies before it.
                    unsafe { talc.claim(grown, bytes) }
                }
            }
        };
        talc.source.end = Some(end.ok_or(())?);
        Ok(())
    }
}

/// Makes the memory large enough for an allocation: where the new part begins, and its bytes. `Err` where
/// the host allows no more.
fn grow(layout: Layout) -> Result<(*mut u8, usize), ()> {
    let needed = layout.size().checked_add(layout.align() + OVERHEAD).ok_or(())?;
    let pages = needed.div_ceil(PAGE).max(STEP);
    match memory_grow(0, pages) {
        // The last page of the address space is left alone: its end has no address.
        before if before.saturating_add(pages) > usize::MAX / PAGE => Err(()),
        before => Ok((core::ptr::with_exposed_provenance_mut(before * PAGE), pages * PAGE)),
    }
}
