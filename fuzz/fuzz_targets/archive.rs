//! Any bytes as the archive of an artifact: what is unpacked stays within its limits.
#![no_main]

use bytes::Bytes;
use grimoire_pipeline::Archive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut archive) = Archive::open(Bytes::copy_from_slice(bytes), |_| true) else { return };
    let mut unpacked = 0;
    while let Some(file) = archive.next_file() {
        unpacked += file.content.len();
    }
    assert!(unpacked <= 128 << 20);
    archive.into_gaps();
});
